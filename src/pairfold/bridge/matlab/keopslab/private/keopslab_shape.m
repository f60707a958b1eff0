function [F, arrays] = keopslab_shape(arrays, options)
% KEOPSLAB_SHAPE  The function of the scalar product of two fshapes, and its arrays, points as columns.
%   ARRAYS are points, points, signals, signals, normals, normals, and the three sizes of the kernels.

radial = struct('gaussian', 'Exp(-g%d * SqDist(%s, %s))', 'cauchy', 'Inv(1 + g%d * SqDist(%s, %s))');
sphere = struct('linear', '(Normalize(u) | Normalize(v))', 'binet', 'Square(Normalize(u) | Normalize(v))', ...
                'gaussian_oriented', 'Exp(g3 * (2 * (Normalize(u) | Normalize(v)) - 2))', ...
                'gaussian_unoriented', 'Exp(g3 * (2 * Square(Normalize(u) | Normalize(v)) - 2))');
names = {'kernel_geom', 'kernel_signal', 'kernel_sphere'};
for name = names
  if ~isfield(options, name{1})
    error('pairfold:ArgumentValueError', 'The options of shape_scp have the fields %s; found no %s.', ...
          strjoin(names, ', '), name{1});
  end
end
formula = [sprintf(keopslab_choice(radial, options.kernel_geom, 'kernel_geom'), 1, 'x', 'y'), ' * ', ...
           sprintf(keopslab_choice(radial, options.kernel_signal, 'kernel_signal'), 2, 'f', 'h'), ' * ', ...
           keopslab_choice(sphere, options.kernel_sphere, 'kernel_sphere'), ' * Norm2(u) * Norm2(v)'];
d = size(arrays{1}, 2);
s = size(arrays{3}, 2);
F = keops_kernel(formula, sprintf('x=Vi(%d)', d), sprintf('y=Vj(%d)', d), sprintf('f=Vi(%d)', s), ...
                 sprintf('h=Vj(%d)', s), sprintf('u=Vi(%d)', d), sprintf('v=Vj(%d)', d), 'g1=Pm(1)', 'g2=Pm(1)', ...
                 'g3=Pm(1)');
for k = 1:6
  arrays{k} = arrays{k}.';
end
for k = 7:9
  arrays{k} = 1 / arrays{k}^2;
end

end
