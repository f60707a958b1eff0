% LDDMM: shoots control points along a geodesic, with keops_kernel and keops_grad of keopslab, and carries a grid along.
%   Points q and momenta p follow Hamilton's equations of H = 1/2 sum p_i' K(q_i, q_j) p_j. H stays as it is, and two
%   points with opposite momenta keep their symmetry. The picture is shooting.png.

folder = fileparts(fileparts(mfilename('fullpath')));
addpath(folder, fullfile(folder, 'keopslab'));

K = keops_kernel('GaussKernel(c,x,y,b)', 'c=Pm(1)', 'x=Vi(2)', 'y=Vj(2)', 'b=Vj(2)');
G = keops_grad(K, 'x');
c = 1 / 0.5^2;
energy = @(q, p) 0.5 * sum(sum(p .* K(c, q, q, p)));

q = [-0.6, 0.6, 0, 0; 0, 0, -0.6, 0.6];
p = [0, 0, 1.5, -1.5; 1.5, -1.5, 0, 0];
side = linspace(-1.2, 1.2, 25);
[gx, gy] = ndgrid(side, side);
grid = [gx(:).'; gy(:).'];

before = energy(q, p);
path = zeros(2, 4, 41);
path(:, :, 1) = q;
h = 1 / 40;
for step = 1:40
  % Heun's rule: the mean of two slopes.
  v1 = K(c, q, q, p);
  f1 = -G(c, q, q, p, p);
  w1 = K(c, grid, q, p);
  q1 = q + h * v1;
  p1 = p + h * f1;
  w2 = K(c, grid + h * w1, q1, p1);
  q = q + h / 2 * (v1 + K(c, q1, q1, p1));
  p = p + h / 2 * (f1 - G(c, q1, q1, p1, p1));
  grid = grid + h / 2 * (w1 + w2);
  path(:, :, step + 1) = q;
end
drift = abs(energy(q, p) / before - 1);
fprintf('The energy has changed by %.1e of itself.\n', drift);
assert(drift < 1e-2);
assert(norm(sum(q, 2)) < 1e-10);

figure('visible', 'off');
hold('on');
x = reshape(grid(1, :), size(gx));
y = reshape(grid(2, :), size(gx));
plot(x, y, 'b', x.', y.', 'b');
for k = 1:4
  plot(squeeze(path(1, k, :)), squeeze(path(2, k, :)), 'r', 'linewidth', 3);
end
plot(path(1, :, 1), path(2, :, 1), 'ko', 'markerfacecolor', 'k');
axis('equal', 'off');
title('Four points shot along a geodesic, and the grid they carry');
print('-dpng', fullfile(tempdir(), 'shooting.png'));
