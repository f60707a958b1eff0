function res = radial_kernel_conv(x, y, b, s, kernel_type)
% RADIAL_KERNEL_CONV  res = radial_kernel_conv(x, y, b, s, type) is the sum over j of k(|x_i - y_j| / s) b_j.
%   x is D x N, y is D x M and b is E x M, one point per column; the result is E x N. TYPE is 'gaussian', exp(-r^2),
%   'laplacian', exp(-r), 'cauchy', 1 / (1 + r^2), or 'inverse_multiquadric', 1 / sqrt(1 + r^2).
%
%   Example
%     a = radial_kernel_conv(rand(3, 100), rand(3, 200), rand(2, 200), 0.5, 'cauchy');      % 2 x 100
%
%   See also keops_kernel

kernels = struct('gaussian', 'Exp(-g * SqDist(x, y))', 'laplacian', 'Exp(-Sqrt(g * SqDist(x, y)))', ...
                 'cauchy', 'Inv(1 + g * SqDist(x, y))', 'inverse_multiquadric', 'Rsqrt(1 + g * SqDist(x, y))');
if nargin < 5
  kernel_type = 'gaussian';
end
formula = keopslab_choice(kernels, kernel_type, 'kernel_type');
F = keops_kernel([formula ' * b'], sprintf('x=Vi(%d)', size(x, 1)), sprintf('y=Vj(%d)', size(y, 1)), ...
                 sprintf('b=Vj(%d)', size(b, 1)), 'g=Pm(1)');
res = F(x, y, b, 1 / s^2);

end
