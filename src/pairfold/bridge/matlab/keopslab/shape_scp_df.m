function res = shape_scp_df(x, y, f, g, normals_x, normals_y, s_geom, s_signal, s_sphere, options)
% SHAPE_SCP_DF  the derivative of shape_scp with respect to the signal of X.
%   res = shape_scp_df(x, y, f, g, normals_x, normals_y, s_geom, s_signal, s_sphere, options): points x (N x D) and y (M x D),
%   signals f (N x 1) and g (M x 1), normals (N x D and M x D), all one point per ROW, and three sizes of kernels. The
%   fields of OPTIONS are kernel_geom and kernel_signal, 'gaussian' or 'cauchy', and kernel_sphere, 'linear', 'binet',
%   'gaussian_oriented' or 'gaussian_unoriented'. The result is N x 1.
%
%   Example
%     options = struct('kernel_geom', 'cauchy', 'kernel_signal', 'gaussian', 'kernel_sphere', 'binet');
%     x = rand(10, 3); y = rand(20, 3);
%     res = shape_scp_df(x, y, rand(10, 1), rand(20, 1), x + 1, y + 1, 1, 1, 1, options);
%
%   See also keops_kernel

[F, arrays] = keopslab_shape({x, y, f, g, normals_x, normals_y, s_geom, s_signal, s_sphere}, options);
G = keops_grad(F, 'f');
res = G(arrays{:}, ones(1, size(x, 1))).';

end
