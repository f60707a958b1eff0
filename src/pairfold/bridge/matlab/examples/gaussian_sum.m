% A Gaussian kernel product and a density estimate, three ways, without the matrix.
%   The kernel product of the README: as an expression, as a formula, and its gradient. Then the density of points on
%   a ring, by a sum of Gaussians, with a picture in density.png.

addpath(fileparts(fileparts(mfilename('fullpath'))));
rand('twister', 0);
randn('state', 0);

x = rand(2000, 3);
y = rand(3000, 3);
b = rand(3000, 2);

K = exp(-sqdist(pairfold.Vi(x), pairfold.Vj(y)) / 0.02);   % 2000 x 3000, in no memory
a = K * b;                                                 % 2000 x 2

f = pairfold.genred('Exp(-SqDist(x, y) * g) * b', {'x = Vi(3)', 'y = Vj(3)', 'b = Vj(2)', 'g = Pm(1)'});
assert(norm(a - f(x, y, b, 50)) < 1e-10 * norm(a));

dense = zeros(10, 3000);
for k = 1:3
  dense = dense + bsxfun(@minus, x(1:10, k), y(:, k).') .^ 2;
end
assert(norm(a(1:10, :) - exp(-50 * dense) * b) < 1e-10 * norm(a));

%% Density estimation
angle = 2 * pi * rand(5000, 1);
points = [cos(angle), sin(angle)] + 0.15 * randn(5000, 2);
side = linspace(-1.8, 1.8, 150);
[gx, gy] = ndgrid(side, side);
grid = [gx(:), gy(:)];
width = 0.08;
G = exp(-sqdist(pairfold.Vi(grid), pairfold.Vj(points)) / (2 * width^2));
density = sum(G, 2) / (2 * pi * width^2 * size(points, 1));
mass = sum(density) * (side(2) - side(1))^2;
assert(abs(mass - 1) < 0.01);
fprintf('The density has the mass %.4f.\n', mass);

figure('visible', 'off');
imagesc(side, side, reshape(density, size(gx)).');
hold('on');
plot(points(1:20:end, 1), points(1:20:end, 2), 'w.', 'markersize', 3);
axis('xy', 'equal', 'tight');
colorbar();
title('Density of 5000 points, by a sum of Gaussians');
print('-dpng', fullfile(tempdir(), 'density.png'));
