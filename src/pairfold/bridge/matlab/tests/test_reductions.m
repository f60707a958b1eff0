% Reductions against dense arrays over both indices, by method, by name, and by formula.

rand('twister', 2);
for kind = {'double', 'single'}
  cast = str2func(kind{1});
  tolerance = struct('double', 1e-12, 'single', 1e-4);
  tolerance = tolerance.(kind{1});
  X = cast(rand(5, 2));
  Y = cast(rand(7, 2));
  W = cast(rand(7, 3));
  x = pairfold.Vi(X);
  y = pairfold.Vj(Y);
  w = pairfold.Vj(W);
  F = x - y;
  D = reshape(X, [5, 1, 2]) - reshape(Y, [1, 7, 2]);
  K = sqdist(x, y);
  S = sum(D .^ 2, 3);
  near = @(found, dense) isequal(size(found), size(dense)) && all(abs(found(:) - dense(:)) <= tolerance * (1 + abs(dense(:))));

  %% Over i and over j
  indices = {'i', 'j'};
  for dim = 1:2
    index = indices{dim};
    flat = @(dense) reshape(dense, [], 2);
    assert(near(sum(F, dim), flat(sum(D, dim))) && near(sum(F, index), flat(sum(D, dim))));
    assert(isa(sum(F, dim), kind{1}));
    assert(near(mean(F, dim), flat(mean(D, dim))) && near(prod(F, dim), flat(prod(D, dim))));
    assert(near(any(F > 0.5, dim), flat(any(D > 0.5, dim))) && near(all(F > -0.5, dim), flat(all(D > -0.5, dim))));
    assert(near(var(F, 1, dim), flat(var(D, 1, dim))) && near(var(F, 0, dim), flat(var(D, 0, dim))));
    [v, i] = min(D, [], dim);
    [fv, fi] = min(F, [], dim);
    assert(near(fv, flat(v)) && isequal(fi, flat(i)) && isa(fi, 'double') && near(min(F, [], dim), flat(v)));
    assert(isequal(argmin(F, dim), flat(i)));
    [fv, fi] = min_argmin(F, dim);
    assert(near(fv, flat(v)) && isequal(fi, flat(i)));
    [v, i] = max(D, [], dim);
    [fv, fi] = max(F, [], dim);
    assert(near(fv, flat(v)) && isequal(fi, flat(i)) && isequal(argmax(F, dim), flat(i)));
    [fv, fi] = max_argmax(F, dim);
    assert(near(fv, flat(v)) && isequal(fi, flat(i)));
    assert(near(logsumexp(F, dim), flat(log(sum(exp(D), dim)))));
  end

  %% K entries: N x K of a scalar, N x K x D of a vector
  [v, i] = sort(S, 2);
  [fv, fi] = mink(K, 3, 2);
  assert(near(fv, v(:, 1:3)) && isequal(fi, i(:, 1:3)) && near(Kmin(K, 3, 2), v(:, 1:3)));
  assert(isequal(argKmin(K, 3, 'j'), i(:, 1:3)) && near(mink(K, 3, 2), v(:, 1:3)));
  [fv, fi] = Kmin_argKmin(K, 3, 2);
  assert(near(fv, v(:, 1:3)) && isequal(fi, i(:, 1:3)));
  [fv, fi] = maxk(K, 2, 2);
  assert(near(fv, v(:, end:-1:end - 1)) && isequal(fi, i(:, end:-1:end - 1)) && near(maxk(K, 2, 2), fv));
  [v, i] = sort(D, 1);
  [fv, fi] = Kmin_argKmin(F, 2, 1);
  assert(near(fv, permute(v(1:2, :, :), [2, 1, 3])) && isequal(fi, permute(i(1:2, :, :), [2, 1, 3])));

  %% Weights
  E = exp(S);
  assert(near(sumsoftmaxweight(K, 2, w), (E * W) ./ sum(E, 2)));
  assert(near(logsumexp(K, 2, elem(w, 1)), log(E * W(:, 1))));

  %% By name, with several results
  [m, s] = deal(max(S, [], 2), sum(exp(S - max(S, [], 2)), 2));
  assert(near(reduction(K, 'Max_SumShiftExp', 2), [m, s]));
  [fv, fi] = reduction(K, 'KMin_ArgKMin', 2, 'K', 2);
  assert(isequal(size(fv), [5, 2]) && isequal(size(fi), [5, 2]) && min(fi(:)) >= 1);

  %% By formula
  aliases = {'x = Vi(2)', 'y = Vj(2)', 'w = Vj(3)', 'g = Pm(1)'};
  f = pairfold.genred('Exp(-g * SqDist(x, y)) * w', aliases);
  assert(near(f(X, Y, W, 0.5), exp(-0.5 * S) * W) && isa(f(X, Y, W, 0.5), kind{1}));
  f = pairfold.genred('Exp(-g * SqDist(x, y)) * w', aliases, 'Sum', 'i');
  assert(near(f(X, Y, W, 0.5), sum(exp(-0.5 * S), 1).' .* W));
  f = pairfold.genred('SqDist(x, y)', aliases(1:2), 'KMin_ArgKMin', 2, 'K', 3);
  [v, i] = sort(S, 2);
  [fv, fi] = f(X, Y);
  assert(near(fv, v(:, 1:3)) && isequal(fi, i(:, 1:3)));
  f = pairfold.genred('SqDist(x, y)', aliases(1:3), 'SumSoftMaxWeight', 'j', 'weight', 'w');
  assert(near(f(X, Y, W), (E * W) ./ sum(E, 2)));
  f = pairfold.genred('Max_Reduction(SqDist(x, y), 0)', aliases(1:2), '');
  assert(near(f(X, Y), max(S, [], 1).'));
  f = pairfold.genred('SqDist(x, y)', aliases(1:2));
  assert(isequal(size(f(X(1, :), Y)), [1, 1]) && isequal(size(f(zeros(0, 2), Y)), [0, 1]));
  f = pairfold.kernel_solve('Exp(-SqDist(x, y)) * a', {'x = Vi(2)', 'y = Vj(2)', 'a = Vj(3)'}, 'a', 'j', 'alpha', 0.5);
  G = exp(-sum((reshape(Y, [7, 1, 2]) - reshape(Y, [1, 7, 2])) .^ 2, 3));
  assert(norm((G + 0.5 * eye(7)) * f(Y, Y, W) - W) < 1e-4);
end

%% Every reduction of the registry has its method, or is reached by name
table = pairfold.internal.registry();
known = methods('pairfold.LazyTensor');
for row = table.reductions.'
  assert(isempty(row{2}) || any(strcmp(row{2}, known)), row{1});
end
for one = {'operations', 'further_operations', 'calculus'}
  for name = table.(one{1})(:, 1).'
    assert(any(strcmp(name{1}, known)), name{1});
  end
end
