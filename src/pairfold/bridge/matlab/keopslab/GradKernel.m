function G = GradKernel(F, var, newvar)
% GRADKERNEL  G = GradKernel(F, var, newvar) is the gradient of a function that Kernel made, as in May 2018.
%   VAR is the name of the argument; NEWVAR declares the cotangent, 'c=Vx(4,3)' or 'Vx(4,3)', the last argument of G,
%   a D x N array. The result has the size of the argument var; for a parameter it has one column per point.
%
%   Example
%     F = Kernel('GaussKernel(p,x,y,b)', 'p=Pm(0,1)', 'x=Vx(1,3)', 'y=Vy(2,3)', 'b=Vy(3,3)');
%     G = GradKernel(F, 'x', 'c=Vx(4,3)');
%     g = G(0.25, rand(3, 100), rand(3, 200), rand(3, 200), rand(3, 100));      % 3 x 100
%
%   See also keops_grad

[formula, aliases, options] = keopslab_made_from(F);
name = strtrim(newvar);
place = strfind(newvar, '=');
if ~isempty(place)
  name = strtrim(newvar(1:place - 1));
  aliases{end + 1} = newvar;
end
kinds = aliases(cellfun(@(one) strcmp(strtrim(strtok(one, '=')), var), aliases));
if isempty(kinds)
  error('pairfold:UnknownNameError', 'There is no argument %s to differentiate by.', var);
end
% The sum runs over the other index than that of the argument.
if ~isempty(regexp(kinds{1}, '=\s*V[yj]', 'once'))
  options.tagIJ = 1;
end
G = keopslab_function(['Grad(' formula ',' var ',' name ')'], aliases, options, {});

end
