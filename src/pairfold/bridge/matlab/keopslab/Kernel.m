function F = Kernel(varargin)
% KERNEL  F = Kernel(...) is keops_kernel, by its name of 2018.
%   Points are the columns of D x N arrays, and so is the result.
%
%   Example
%     F = Kernel('GaussKernel(p,x,y,b)', 'p=Pm(0,1)', 'x=Vx(1,3)', 'y=Vy(2,3)', 'b=Vy(3,3)');
%     a = F(0.25, rand(3, 100), rand(3, 200), rand(3, 200));                    % 3 x 100
%
%   See also keops_kernel

F = keops_kernel(varargin{:});

end
