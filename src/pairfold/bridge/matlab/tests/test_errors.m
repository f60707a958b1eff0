% Mistakes have an identifier and a message in words, where they are made; the next call works.

x = pairfold.Vi(rand(5, 3));
y = pairfold.Vj(rand(7, 3));
K = exp(-sqdist(x, y));

%% Shapes
fails('pairfold:DimensionError', 'Add of tensors of shape (5, 1, 3) and (1, 7, 2)', @() x + pairfold.Vj(rand(7, 2)));
fails('pairfold:ArgumentValueError', 'The shapes (5, 1, 3) and (6, 1, 3) do not broadcast', @() x - pairfold.Vi(rand(6, 3)));
fails('pairfold:ArgumentValueError', 'K has shape (5, 7, 1), with 7 columns', @() K * rand(6, 1));
fails('pairfold:ArgumentValueError', 'needs a tensor K of dimension 1', @() (x - y) * rand(7, 1));
fails('pairfold:DimensionError', 'The array has the size 2 x 3 x 4, and a matrix is needed', @() pairfold.Vi(rand(2, 3, 4)));
fails('pairfold:DimensionError', 'The array has the size 0 x 0, and so no components', @() pairfold.Vj([]));
fails('pairfold:DimensionError', 'The array has the size 4 x 0', @() pairfold.Vi(zeros(4, 0)));
fails('pairfold:DimensionError', 'A parameter is a number or a vector; found an array of the size 2 x 2', @() pairfold.Pm(eye(2)));
fails('pairfold:DimensionError', 'A parameter is a number or a vector', @() pairfold.Pm([]));
fails('pairfold:ArgumentIndexError', 'The components count from 1 to 3; found 5 to 5.', @() elem(x, 5));
fails('pairfold:ArgumentIndexError', 'found 2 to 4', @() extract(x, 2, 3));

%% Kinds
fails('pairfold:ArgumentTypeError', 'An array of numbers is needed; found char', @() pairfold.Vi('abc'));
fails('pairfold:ArgumentTypeError', 'found pairfold.LazyTensor', @() pairfold.Vi(x));
fails('pairfold:ArgumentTypeError', 'array of the size 5 x 3. Wrap it: pairfold.Vi(X)', @() x + rand(5, 3));
fails('pairfold:ArgumentTypeError', 'found cell', @() x + {1});
fails('pairfold:ArgumentTypeError', 'write .* for entries', @() K * K);
fails('pairfold:ArgumentTypeError', 'write ./ for entries', @() K / K);
fails('pairfold:ArgumentTypeError', 'write .^ for entries', @() K ^ 2);
fails('pairfold:ArgumentTypeError', 'pairfold.LazyTensor(X, ''i'')', @() pairfold.LazyTensor(1));
fails('pairfold:ArgumentTypeError', 'with respect to an argument', @() grad(K, 2 * x, ones(5, 1)));

%% Reductions
fails('pairfold:ArgumentValueError', 'dim is 1 or ''i'' (over i), 2 or ''j'' (over j)', @() sum(K, 4));
fails('pairfold:ArgumentValueError', 'found k', @() sum(K, 'k'));
fails('pairfold:ArgumentValueError', 'found 1  2', @() sum(K, [1, 2]));
fails('pairfold:UnknownNameError', 'Did you mean', @() reduction(K, 'Sumx', 2));
fails('pairfold:ArgumentTypeError', 'There is no argument k; the names are K, weight', @() reduction(K, 'KMin', 2, 'k', 3));
fails('pairfold:ArgumentTypeError', 'come in pairs', @() reduction(K, 'KMin', 2, 'K'));
fails('pairfold:ArgumentTypeError', 'Write var(F, 0, dim)', @() var(K, 2));
fails('pairfold:ArgumentValueError', 'The cotangent has shape (4, 1)', @() grad(K, x, ones(4, 1)));

%% Formulas
aliases = {'x = Vi(3)', 'y = Vj(3)'};
fails('pairfold:UnknownNameError', 'Exq', @() pairfold.genred('Exq(x)', aliases));
fails('pairfold:FormulaError', 'never closed', @() pairfold.genred('Exp(x', aliases));
fails('pairfold:ArgumentTypeError', 'A formula is text', @() pairfold.genred(3, aliases));
fails('pairfold:ArgumentValueError', 'A formula is reduced over', @() pairfold.genred('x', aliases, 'Sum', 3));
f = pairfold.genred('SqDist(x, y)', aliases);
fails('pairfold:ArgumentValueError', 'takes 2 arguments (Vi, Vj); found 1', @() f(rand(4, 3)));
fails('pairfold:ArgumentValueError', 'has shape (4, 2); its last axis must have length 3', @() f(rand(4, 2), rand(5, 3)));
fails('pairfold:ArgumentValueError', 'has shape (4, 3, 2)', @() f(rand(4, 3, 2), rand(5, 3)));
fails('pairfold:DimensionError', 'Argument 2, a Vj: The array has the size 0 x 0', @() f(rand(4, 3), []));
fails('pairfold:ArgumentTypeError', 'Argument 1, a Vi: An array of numbers', @() f('abc', rand(5, 3)));
fails('pairfold:UnknownNameError', 'no argument ''z''', @() pairfold.genred('x', aliases, 'Sum', 2, 'gradient', 'z'));

%% Systems that are not solved
g = @() solve(exp(-sqdist(x, pairfold.Vj(rand(5, 3)))), rand(5, 1), 'maxiter', 1, 'rtol', 1e-14);
fails('pairfold:NotConvergedError', 'is not solved: maxiter iterations', g);

%% Names and options
fails('pairfold:UnknownNameError', 'There is no operation or reduction expp', @() pairfold.operations('expp'));
fails('pairfold:ArgumentTypeError', 'There is no argument thread; the names are threads', @() pairfold.options('thread', 1));
values = pairfold.options('threads', 1, 'sum_scheme', 'kahan_scheme');
assert(values.threads == 1 && isequal(values, pairfold.options()) && strcmp(values.sum_scheme, 'kahan_scheme'));
assert(isequal(size(sum(K, 2)), [5, 1]) && isequal(size(max(K, [], 2)), [5, 1]) && isequal(size(f(rand(4, 3), rand(5, 3))), [4, 1]));
pairfold.options('backend', 'TPU');
fails('pairfold:ArgumentValueError', 'TPU', @() sum(K, 2));
values = pairfold.options('reset');
assert(isempty(values.threads) && isempty(values.backend) && isequal(size(sum(K, 2)), [5, 1]));

%% Facts
facts = pairfold.config();
assert(strcmp(facts.package, facts.pairfold) && facts.threads >= 1);
assert(any(strcmp(pairfold.operations('reductions'), 'ArgKMin')) && any(strcmp(pairfold.operations(), 'sqdist')));
