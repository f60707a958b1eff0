function G = Grad(F, var)
% GRAD  G = Grad(F, var) is keops_grad, by its name of 2018.
%   G takes one more array at its end, of the size D x N of the result of F; its result has the size of the argument.
%
%   Example
%     F = Kernel('GaussKernel(p,x,y,b)', 'p=Pm(0,1)', 'x=Vx(1,3)', 'y=Vy(2,3)', 'b=Vy(3,3)');
%     G = Grad(F, 'x');
%     g = G(0.25, rand(3, 100), rand(3, 200), rand(3, 200), ones(3, 100));      % 3 x 100
%
%   See also keops_grad

G = keops_grad(F, var);

end
