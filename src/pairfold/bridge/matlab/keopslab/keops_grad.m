function G = keops_grad(F, var)
% KEOPS_GRAD  G = keops_grad(F, var) is the gradient of a function that keops_kernel made.
%   VAR is the name of an argument, or its declaration 'Vx(1,3)'. G takes one more array at its end: the cotangent, of
%   the size of the result of F, D x N. The result has the size of the argument; for a parameter it is D x 1.
%
%   Example
%     F = keops_kernel('GaussKernel(p,x,y,b)', 'p=Pm(1)', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(3)');
%     G = keops_grad(F, 'x');
%     g = G(0.25, rand(3, 100), rand(3, 200), rand(3, 200), ones(3, 100));      % 3 x 100
%
%   See also keops_kernel, GradKernel

[formula, aliases, options, gradients] = keopslab_made_from(F);
G = keopslab_function(formula, aliases, options, [gradients, {keopslab_position(aliases, var)}]);

end
