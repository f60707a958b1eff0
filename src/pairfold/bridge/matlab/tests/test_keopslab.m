% Programs for keopslab, as users of 2018 wrote them, with only the line of addpath changed.

addpath(fullfile(fileparts(fileparts(mfilename('fullpath'))), 'keopslab'));
matches = @(a, b) isequal(size(a), size(b)) && all(abs(a(:) - b(:)) <= 1e-10 * (1 + abs(b(:))));
sqdists = @(x, y) bsxfun(@plus, sum(x .^ 2, 1).', sum(y .^ 2, 1)) - 2 * x.' * y;

x = randn(3, 9);
y = randn(3, 7);
b = randn(3, 7);
c = randn(3, 9);
p = 0.25;
D = sqdists(x, y);
E = exp(-p * D);

%% Kernel, categories Vx and Vy with positions, the formula first
F = Kernel('GaussKernel(p,x,y,b)', 'p=Pm(0,1)', 'x=Vx(1,3)', 'y=Vy(2,3)', 'b=Vy(3,3)');
assert(matches(F(p, x, y, b), b * E.'));
assert(F() == 4);

%% The formula last, reductions with both numbers and both spellings
F = keops_kernel('x=Vi(3)', 'y=Vj(3)', 'Sum_Reduction(Square((x,y)),0)');
assert(matches(F(x, y), sum((x.' * y) .^ 2, 2).'));
F = keops_kernel('x=Vi(3)', 'y=Vj(3)', 'SumReduction(Square((x|y)),1)');
assert(matches(F(x, y), sum((x.' * y) .^ 2, 1)));

%% tagIJ sums over i
options = struct('tagIJ', 1, 'tagCpuGpu', 0, 'tag1D2D', 0);
F = Kernel('Exp(-p*SqNorm2(x-y))*c', 'x=Vx(3)', 'y=Vy(3)', 'c=Vx(3)', 'p=Pm(1)', options);
assert(matches(F(x, y, c, p), c * E));

%% Options of accuracy
for scheme = 0:2
  options = struct('sum_scheme', scheme, 'use_double_acc', 1, 'numvars', 4);
  F = Kernel('Exp(-p*SqNorm2(x-y))*b', 'x=Vx(3)', 'y=Vy(3)', 'b=Vy(3)', 'p=Pm(1)', options);
  assert(matches(F(x, y, b, p), b * E.'));
end

%% Single arrays are computed in single, and the result is double
f = F(single(x), y, b, p);
assert(isa(f, 'double') && norm(f - b * E.') < 1e-4 * norm(f) && norm(f - b * E.') > 0);

%% Gradients: with respect to x, y, a parameter, and twice
F = keops_kernel('x=Vi(3)', 'y=Vj(3)', 'b=Vj(3)', 'p=Pm(1)', 'Sum_Reduction(Exp(-p*SqNorm2(x-y))*b,0)');
W = E .* (c.' * b);
gx = 2 * p * (y * W.' - bsxfun(@times, x, sum(W, 2).'));
gy = 2 * p * (x * W - bsxfun(@times, y, sum(W, 1)));
Gx = keops_grad(F, 'x');
assert(matches(Gx(x, y, b, p, c), gx));
Gy = Grad(F, 'y');
assert(matches(Gy(x, y, b, p, c), gy));
Gp = Grad(F, 'p');
assert(matches(Gp(x, y, b, p, c), -sum(sum(W .* D))));
Gxx = keops_grad(Gx, 'x');
h = 1e-5;
e = randn(3, 9);
xp = x + h * e;
xm = x - h * e;
found = Gxx(x, y, b, p, c, e);
expected = (Gx(xp, y, b, p, c) - Gx(xm, y, b, p, c)) / (2 * h);
assert(norm(found - expected) < 1e-6 * norm(expected));

%% GradKernel of May 2018: the new argument is declared
F = Kernel('GaussKernel(p,x,y,b)', 'p=Pm(0,1)', 'x=Vx(1,3)', 'y=Vy(2,3)', 'b=Vy(3,3)');
G = GradKernel(F, 'x', 'c=Vx(4,3)');
assert(matches(G(p, x, y, b, c), gx));
G = GradKernel(F, 'x', 'Vx(4,3)');
assert(matches(G(p, x, y, b, c), gx));
G = GradKernel(F, 'y', 'c=Vx(4,3)');
assert(matches(G(p, x, y, b, c), gy));
G = keops_grad(F, 'Vx(1,3)');
assert(matches(G(p, x, y, b, c), gx));

%% Several neighbours lie below each other, and indices count from 0
[sorted, order] = sort(D, 2);
F = keops_kernel('KMin_Reduction(SqDist(x,y),3,0)', 'x=Vi(3)', 'y=Vj(3)');
assert(matches(F(x, y), sorted(:, 1:3).'));
F = keops_kernel('ArgKMin_Reduction(SqDist(x,y),3,0)', 'x=Vi(3)', 'y=Vj(3)');
assert(isequal(F(x, y), order(:, 1:3).' - 1));
F = keops_kernel('KMin_ArgKMin_Reduction(SqDist(x,y),2,0)', 'x=Vi(3)', 'y=Vj(3)');
f = F(x, y);
assert(matches(f([1, 3], :), sorted(:, 1:2).') && isequal(f([2, 4], :), order(:, 1:2).' - 1));
F = keops_kernel('KMin_Reduction(x-y,2,0)', 'x=Vi(3)', 'y=Vj(3)');
first = sort(bsxfun(@minus, x(2, :).', y(2, :)), 2);
f = F(x, y);
assert(isequal(size(f), [6, 9]) && matches(f([2, 5], :), first(:, 1:2).'));

%% Values above indices
F = Kernel('MinArgMinReduction(Exp(-p*SqNorm2(x-y))*b,0)', 'x=Vx(3)', 'y=Vy(3)', 'b=Vy(3)', 'p=Pm(1)');
f = F(x, y, b, p);
[v, i] = min(bsxfun(@times, E, b(2, :)), [], 2);
assert(isequal(size(f), [6, 9]) && matches(f(2, :), v.') && isequal(f(5, :), i.' - 1));

%% Logarithms of sums, and what they are made of
F = keops_kernel('LogSumExp_Reduction(-SqDist(x,y),0)', 'x=Vi(3)', 'y=Vj(3)');
assert(matches(F(x, y), log(sum(exp(-D), 2)).'));
F = keops_kernel('Max_SumShiftExp_Reduction(-SqDist(x,y),0)', 'x=Vi(3)', 'y=Vj(3)');
f = F(x, y);
assert(isequal(size(f), [2, 9]) && matches(f(1, :), max(-D, [], 2).'));
assert(matches(f(1, :) + log(f(2, :)), log(sum(exp(-D), 2)).'));

%% One point, no points
F = keops_kernel('Exp(-SqDist(x,y))*b', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(3)');
assert(isequal(size(F(x(:, 1), y, b)), [3, 1]));
assert(isequal(size(F(zeros(3, 0), y, b)), [3, 0]));
F = keops_kernel('KMin_Reduction(SqDist(x,y),3,0)', 'x=Vi(3)', 'y=Vj(3)');
assert(isequal(size(F(x(:, 1), y)), [3, 1]));

%% Radial kernels of columns
r2 = D / 0.49;
assert(matches(radial_kernel_conv(x, y, b, 0.7, 'gaussian'), b * exp(-r2).'));
assert(matches(radial_kernel_conv(x, y, b, 0.7, 'laplacian'), b * exp(-sqrt(r2)).'));
assert(matches(radial_kernel_conv(x, y, b, 0.7, 'cauchy'), b * (1 ./ (1 + r2)).'));
assert(matches(radial_kernel_conv(x, y, b, 0.7, 'inverse_multiquadric'), b * (1 ./ sqrt(1 + r2)).'));

%% Scalar products of shapes, whose points are rows; derivatives by differences
options = struct('kernel_geom', 'cauchy', 'kernel_signal', 'gaussian', 'kernel_sphere', 'gaussian_oriented');
[X, Y, S, T, U, V] = deal(x.', y.', randn(9, 1), randn(7, 1), randn(9, 3), randn(7, 3));
product = @(X, S, U) shape_scp(X, Y, S, T, U, V, 1.2, 1.3, pi, options);
un = sqrt(sum(U .^ 2, 2));
vn = sqrt(sum(V .^ 2, 2));
angles = (U * V.') ./ (un * vn.');
dense = (un * vn.') ./ (1 + D / 1.44) .* exp(-bsxfun(@minus, S, T.') .^ 2 / 1.69) .* exp((2 * angles - 2) / pi^2);
assert(matches(product(X, S, U), sum(dense(:))));
h = 1e-6;
differs = @(plus, minus, derivative, along) ...
  abs((plus - minus) / (2 * h) - sum(sum(derivative .* along))) > 1e-7 * (1 + abs(sum(sum(derivative .* along))));
e = randn(9, 3);
s = randn(9, 1);
dx = shape_scp_dx(X, Y, S, T, U, V, 1.2, 1.3, pi, options);
assert(~differs(product(X + h * e, S, U), product(X - h * e, S, U), dx, e));
df = shape_scp_df(X, Y, S, T, U, V, 1.2, 1.3, pi, options);
assert(~differs(product(X, S + h * s, U), product(X, S - h * s, U), df, s));
dxi = shape_scp_dxi(X, Y, S, T, U, V, 1.2, 1.3, pi, options);
assert(~differs(product(X, S, U + h * e), product(X, S, U - h * e), dxi, e));
for sphere = {'linear', 'binet', 'gaussian_unoriented'}
  options.kernel_sphere = sphere{1};
  assert(isscalar(shape_scp(X, Y, S, T, U, V, 1.2, 1.3, pi, options)));
end

%% Mistakes
fails('pairfold:DimensionError', 'Argument 1 (x) is a 3 x N matrix, one point per column; found an array of the size 9 x 3', ...
      @() F(x.', y));
fails('pairfold:ArgumentValueError', 'This function takes 2 arrays; found 1.', @() F(x));
fails('pairfold:UnknownNameError', 'There is no argument z to differentiate by; there are x, y.', @() keops_grad(F, 'z'));
fails('pairfold:ArgumentTypeError', 'that keops_kernel or Kernel made', @() keops_grad(@sin, 'x'));
fails('pairfold:FormulaError', 'found 2 formulas', @() keops_kernel('x', 'y', 'x=Vi(1)'));
fails('pairfold:ArgumentValueError', 'allowed are gaussian, laplacian', @() radial_kernel_conv(x, y, b, 1, 'cubic'));
fails('pairfold:NotDifferentiableError', 'has no derivative', ...
      @() keops_grad(keops_kernel('ArgMin_Reduction(SqDist(x,y),0)', 'x=Vi(3)', 'y=Vj(3)'), 'x'));
