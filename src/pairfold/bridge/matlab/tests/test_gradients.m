% Gradients against differences.

rand('twister', 3);
X = rand(6, 3);
Y = rand(5, 3);
B = rand(5, 2);
p = 0.7;
h = 1e-6;
same = @(found, up, down) abs(found - (up - down) / (2 * h)) < 1e-6 * (1 + abs(found));
value = @(X, Y, B, p) sum(exp(-sqdist(pairfold.Vi(X), pairfold.Vj(Y)) * pairfold.Pm(p)) .* pairfold.Vj(B), 2);
e = rand(6, 2);
ahead = @(X, Y, B, p) sum(sum(value(X, Y, B, p) .* e));

%% Reductions of LazyTensors, by each kind of argument: arrays of the size of the argument
x = pairfold.Vi(X);
y = pairfold.Vj(Y);
b = pairfold.Vj(B);
q = pairfold.Pm(p);
F = exp(-sqdist(x, y) * q) .* b;
g = grad(F, x, e);
v = rand(6, 3);
assert(isequal(size(g), [6, 3]) && same(sum(sum(g .* v)), ahead(X + h * v, Y, B, p), ahead(X - h * v, Y, B, p)));
g = grad(F, y, e);
v = rand(5, 3);
assert(isequal(size(g), [5, 3]) && same(sum(sum(g .* v)), ahead(X, Y + h * v, B, p), ahead(X, Y - h * v, B, p)));
g = grad(F, b, e);
assert(isequal(size(g), [5, 2]));
g = grad(F, q, e);
assert(isscalar(g) && same(g, ahead(X, Y, B, p + h), ahead(X, Y, B, p - h)));
r = pairfold.Pm([1; 2; 3]);
assert(isequal(size(grad(weightedsqdist(x, y, r), r, ones(6, 1))), [3, 1]));

%% Other reductions, over both indices
w = rand(5, 1);
g = grad(sqdist(x, y), x, w, 'LogSumExp', 1);
f = @(X) sum(w .* logsumexp(sqdist(pairfold.Vi(X), y), 1));
v = rand(6, 3);
assert(same(sum(sum(g .* v)), f(X + h * v), f(X - h * v)));
w = rand(6, 2);
g = grad(sqdist(x, y), y, w, 'KMin', 2, 'K', 2);
f = @(Y) sum(sum(w .* Kmin(sqdist(x, pairfold.Vj(Y)), 2, 2)));
v = rand(5, 3);
assert(same(sum(sum(g .* v)), f(Y + h * v), f(Y - h * v)));

%% Pair by pair
K = exp(-sqdist(x, y));
G = full(grad(K, x, K * 0 + 1));
D = reshape(X, [6, 1, 3]) - reshape(Y, [1, 5, 3]);
expected = -2 * D .* exp(-sum(D .^ 2, 3));
assert(norm(G(:) - expected(:)) < 1e-12);
assert(norm(full(laplacian(K, x)) - (4 * sum(D .^ 2, 3) - 6) .* exp(-sum(D .^ 2, 3))) < 1e-12);
assert(norm(full(divergence(x .* K, x)) - (3 - 2 * sum(reshape(X, [6, 1, 3]) .* D, 3)) .* exp(-sum(D .^ 2, 3))) < 1e-12);

%% By formula, also twice
aliases = {'x = Vi(3)', 'y = Vj(3)', 'b = Vj(2)', 'p = Pm(1)'};
text = 'Exp(-p * SqDist(x, y)) * b';
gx = pairfold.genred(text, aliases, 'Sum', 'j', 'gradient', 'x');
assert(norm(gx(X, Y, B, p, e) - grad(F, x, e)) < 1e-12);
gxx = pairfold.genred(text, aliases, 'Sum', 'j', 'gradient', {'x', 'x'});
u = rand(6, 3);
v = rand(6, 3);
f = @(X) sum(sum(u .* gx(X, Y, B, p, e)));
assert(same(sum(sum(gxx(X, Y, B, p, e, u) .* v)), f(X + h * v), f(X - h * v)));
gp = pairfold.genred(text, aliases, 'Sum', 'j', 'gradient', 'p');
assert(same(gp(X, Y, B, p, e), ahead(X, Y, B, p + h), ahead(X, Y, B, p - h)));
