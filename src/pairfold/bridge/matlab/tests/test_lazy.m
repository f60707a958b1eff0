% LazyTensors: operators, functions and facts against dense arrays, in both precisions.

rand('twister', 1);
for kind = {'double', 'single'}
  cast = str2func(kind{1});
  tolerance = struct('double', 1e-12, 'single', 2e-5);
  tolerance = tolerance.(kind{1});
  X = cast(0.1 + 0.8 * rand(5, 3));
  Y = cast(0.1 + 0.8 * rand(7, 3));
  P = cast([0.3; 0.5; 0.7]);
  x = pairfold.Vi(X);
  y = pairfold.Vj(Y);
  p = pairfold.Pm(P);
  xx = reshape(X, [5, 1, 3]);
  yy = reshape(Y, [1, 7, 3]);
  pp = reshape(P, [1, 1, 3]);
  agree = @(found, dense, factor) isequal(size(found), size(dense)) && isa(found, kind{1}) && ...
                                  all(abs(found(:) - dense(:)) <= factor * tolerance * (1 + abs(dense(:))));
  matches = @(lazy, dense) agree(full(lazy), dense, 1);
  near = @(found, dense) agree(found, dense, 10);
  D = xx - yy;
  S = xx + yy;
  d = x - y;
  s = x + y;

  %% Operators, with numbers on either side
  assert(matches(d, D) && matches(s, S) && matches(-d, -D) && matches(+d, D));
  assert(matches(x .* y, xx .* yy) && matches(x ./ y, xx ./ yy) && matches(x .\ y, yy ./ xx));
  assert(matches(2 * d, 2 * D) && matches(d * 2, 2 * D) && matches(d / 2, D / 2) && matches(1 ./ s, 1 ./ S));
  assert(matches(1 - d, 1 - D) && matches(d + true, D + 1) && matches(p .* d, pp .* D) && matches(p * d, pp .* D));
  assert(matches(d .^ 2, D .^ 2) && matches(d .^ -1, 1 ./ D) && matches(s .^ 0.5, sqrt(S)) && matches(2 .^ d, 2 .^ D));
  assert(matches(s .^ d, S .^ D) && matches(s .^ p, S .^ pp));
  assert(matches(x < y, cast(D < 0)) && matches(x <= y, cast(D <= 0)) && matches(x > y, cast(D > 0)));
  assert(matches(x >= 0.5, cast(xx >= 0.5)) && matches(x == x, ones(5, 1, 3, kind{1})) && matches(x ~= y, cast(D ~= 0)));
  assert(matches(x | y, sum(xx .* yy, 3)) && matches((x < y) & (y < 0.5), cast(D < 0 & yy < 0.5)));
  assert(matches(~(x < y), cast(D >= 0)) && matches(xor(x < y, y < 0.5), cast(xor(D < 0, yy < 0.5))));
  assert(matches((x < y) | (y < 0.5), cast(D < 0 | yy < 0.5)));
  assert(matches([x, y], cat(3, repmat(xx, 1, 7), repmat(yy, 5, 1))) && matches([x, y, p], cat(3, repmat(xx, 1, 7), ...
         repmat(yy, 5, 1), repmat(pp, 5, 7))));
  assert(matches(sqdist(x, y), sum(D .^ 2, 3)) && matches(x.sqdist(y), sum(D .^ 2, 3)));
  assert(matches(d.', permute(D, [2, 1, 3])) && matches(d', permute(D, [2, 1, 3])));

  %% Functions of one argument
  for name = {'exp', 'sin', 'cos', 'abs', 'floor', 'asin', 'acos', 'atan', 'tan', 'sinh', 'cosh', 'tanh', 'expm1', ...
              'erf', 'sign', 'asinh', 'atanh', 'ceil', 'round'}
    f = str2func(name{1});
    assert(matches(f(d), f(D)), name{1});
  end
  for name = {'log', 'sqrt', 'log1p', 'log2', 'log10'}
    f = str2func(name{1});
    assert(matches(f(s), f(S)), name{1});
  end
  assert(matches(acosh(1 + s), acosh(1 + S)));
  assert(matches(rsqrt(s), 1 ./ sqrt(S)) && matches(square(d), D .^ 2) && matches(inv(s), 1 ./ S));
  assert(matches(step(d), cast(D >= 0)) && matches(relu(d), max(D, 0)) && matches(exp2(d), 2 .^ D));
  assert(matches(sigmoid(d), 1 ./ (1 + exp(-D))) && matches(softplus(d), log(1 + exp(D))) && matches(trunc(3 * d), fix(3 * D)));
  assert(matches(round(d, 1), round(D * 10) / 10) && matches(mod(5 * d, 2), mod(5 * D, 2)));
  assert(matches(mod(5 * d, 2, 1), mod(5 * D - 1, 2) + 1) && matches(xlogx(s), S .* log(S)));
  assert(matches(sinxdivx(s), sin(S) ./ S) && matches(sinc(s), sin(pi * S) ./ (pi * S)));
  assert(matches(clamp(d, -0.2, 0.3), min(max(D, cast(-0.2)), cast(0.3))) && matches(clampint(3 * d, -1, 1), min(max(3 * D, -1), 1)));

  %% Functions of several arguments
  assert(matches(atan2(d, s), atan2(D, S)) && matches(power(s, d), S .^ D));
  assert(matches(maximum(x, y), max(xx, yy)) && matches(max(x, y), max(xx, yy)) && matches(min(x, 0.5), min(xx, cast(0.5))));
  assert(matches(ifelse(d, x, y), (D >= 0) .* xx + (D < 0) .* yy) && matches(where(x < y, x, y), min(xx, yy)));

  %% Components count from 1
  assert(matches(elem(d, 2), D(:, :, 2)) && matches(extract(d, 2, 2), D(:, :, 2:3)));
  assert(matches(sqnorm2(d), sum(D .^ 2, 3)) && matches(norm2(d), sqrt(sum(D .^ 2, 3))) && matches(norm(d), sqrt(sum(D .^ 2, 3))));
  assert(matches(normalize(d), D ./ sqrt(sum(D .^ 2, 3))) && matches(weightedsqnorm(d, p), sum(pp .* D .^ 2, 3)));
  assert(matches(weightedsqdist(x, y, p), sum(pp .* D .^ 2, 3)));
  assert(matches(sum(d), sum(D, 3)) && matches(max(d), max(D, [], 3)) && matches(min(d), min(D, [], 3)));
  [~, best] = max(D, [], 3);
  assert(matches(argmax(d), cast(best)) && matches(argmin(-d), cast(best)));
  [v, i] = max(d, [], 3);
  assert(matches(v, max(D, [], 3)) && matches(i, cast(best)));
  assert(matches(tensorprod(x, y), xx(:, :, [1, 1, 1, 2, 2, 2, 3, 3, 3]) .* yy(:, :, [1, 2, 3, 1, 2, 3, 1, 2, 3])));
  assert(matches(one_hot(elem(p, 1) * 0 + 2, 3), reshape(cast([0, 1, 0]), 1, 1, 3)));

  %% Matrices
  K = exp(-sqdist(x, y));
  E = exp(-sum(D .^ 2, 3));
  b = cast(rand(7, 2));
  a = cast(rand(5, 2));
  assert(near(K * b, E * b) && near(K' * a, E' * a) && near(K.' * a(:, 1), E.' * a(:, 1)) && near(a' * K, a' * E));
  assert(near(matvec(K, b), E * b) && near(rmatvec(K, a), E' * a) && near((2 * K) * b, 2 * E * b));
  G = exp(-sqdist(x, pairfold.Vj(X)));
  g = exp(-sum((xx - reshape(X, [1, 5, 3])) .^ 2, 3));
  assert(near(diag(G), ones(5, 1, kind{1})) && near(rows(K, [2, 4]), E([2, 4], :)));
  assert(near(block(K, [5, 1], [1, 2, 7]), E([5, 1], [1, 2, 7])));
  c = solve(G, a, 'alpha', 0.1, 'rtol', 1e-5);
  assert(norm(g * c + 0.1 * c - a) < 1e-3 * norm(a));
  assert(norm(g * (G \ a(:, 1)) - a(:, 1)) < 1e-2 * norm(a(:, 1)));

  %% Sizes
  assert(isequal(size(d), [5, 7, 3]) && isequal(size(K), [5, 7]) && size(K, 2) == 7 && size(K, 3) == 1 && ndims(d) == 3);
  [n, m, k] = size(d);
  assert(isequal([n, m, k], [5, 7, 3]) && ndims(K) == 2 && isequal(size(x), [5, 1, 3]));

  %% One point, no points
  assert(isequal(size(pairfold.Vi(X(1, :)) - y), [1, 7, 3]) && isequal(size(sum(pairfold.Vi(X(1, :)) - y, 2)), [1, 3]));
  none = pairfold.Vi(zeros(0, 3, kind{1})) - y;
  assert(isequal(size(none), [0, 7, 3]) && isequal(size(sum(none, 2)), [0, 3]) && all(all(sum(none, 1) == 0)));
end

%% Any single array makes single, but not a number
x = pairfold.Vi(rand(4, 3));
y = pairfold.Vj(single(rand(6, 3)));
assert(isa(sum(x - y, 2), 'single') && isa(sum(y - x, 2), 'single'));
assert(isa(sum((x - y) .* pairfold.Pm(0.5), 2), 'single'));
assert(isa(sum(x .* pairfold.Pm(single(0.5)), 1), 'double'));
mixed = (x - y) + (x .* x);  % x as double and as single
assert(isa(sum(mixed, 2), 'single'));

%% Other classes of numbers become double
assert(isequal(full(pairfold.Vi(int32([1, 2; 3, 4]))), reshape([1, 3, 2, 4], 2, 1, 2)));
assert(isequal(full(pairfold.Vi(sparse([1; 0; 2]))), [1; 0; 2]) && isequal(full(pairfold.Vi([true; false])), [1; 0]));

%% What occurs twice is sent once: this doubles nothing
s = exp(-sqdist(x, pairfold.Vj(rand(6, 3))));
begin = tic();
t = s;
for k = 1:40
  t = (t + t) / 2;
end
assert(numel(t.State.ids) < 100 && norm(sum(t, 2) - sum(s, 2)) < 1e-12);

%% What is shown
text = evalc('disp(s)');
assert(~isempty(strfind(text, '4 x 6 x 1, LazyTensor: Exp(')));
text = evalc('s');
assert(~isempty(strfind(text, 's =')) && ~isempty(strfind(text, 'LazyTensor')));
assert(~isempty(strfind(formula(s), 'SqDist')) && ischar(explain(s)) && isreal(s));
