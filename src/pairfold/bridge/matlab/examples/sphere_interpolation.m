% Interpolates scattered values on a sphere: a linear system with a kernel matrix that no memory holds.
%   The picture, sphere.png, shows the interpolated function by longitude and latitude, and the points.

addpath(fileparts(fileparts(mfilename('fullpath'))));
rand('twister', 0);
randn('state', 0);

points = randn(1500, 3);
points = bsxfun(@rdivide, points, sqrt(sum(points .^ 2, 2)));
f = @(p) sin(3 * p(:, 1)) .* p(:, 2) + p(:, 3) .^ 2;
values = f(points);

x = pairfold.Vi(points);
K = exp(-sqdist(x, pairfold.Vj(points)) / 0.1);
coefficients = solve(K, values, 'alpha', 1e-4);

longitude = linspace(-pi, pi, 121);
latitude = linspace(-pi / 2, pi / 2, 61);
[u, v] = ndgrid(longitude, latitude);
sphere = [cos(u(:)) .* cos(v(:)), sin(u(:)) .* cos(v(:)), sin(v(:))];
found = exp(-sqdist(pairfold.Vi(sphere), pairfold.Vj(points)) / 0.1) * coefficients;

worst = max(abs(found - f(sphere)));
fprintf('Largest error on the sphere: %.2g.\n', worst);
assert(worst < 0.05);

figure('visible', 'off');
imagesc(longitude, latitude, reshape(found, size(u)).');
hold('on');
plot(atan2(points(:, 2), points(:, 1)), asin(points(:, 3)), 'k.', 'markersize', 3);
axis('xy', 'tight');
colorbar();
xlabel('longitude');
ylabel('latitude');
title('Values at 1500 points of a sphere, interpolated');
print('-dpng', fullfile(tempdir(), 'sphere.png'));
