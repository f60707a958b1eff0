function f = genred(formula, aliases, reduction, index, varargin)
% GENRED  f = pairfold.genred(formula, aliases, reduction, index) makes a function from a formula string.
%   ALIASES is a cell array that declares the arguments of the formula, in the order of the call: 'x = Vi(3)' is an
%   N x 3 array, one point per row, 'y = Vj(3)' is M x 3, 'p = Pm(3)' a vector of 3 numbers. REDUCTION is 'Sum' (the
%   default), 'LogSumExp', 'Min', 'ArgKMin', ...: see pairfold.operations('reductions'). INDEX is what is reduced: 'j'
%   or 2 (the default) gives N rows, 'i' or 1 gives M rows. f(x, y, p) takes the arrays and returns an N x D or M x D
%   array, K entries of a D-vector as N x K x D; [values, indices] = f(...) for reductions with two results. Indices
%   count from 1. The precision is single with any single array (1 x 1 ones aside), else double.
%
%   Further arguments by name: 'K', how many entries ArgKMin and its like keep; 'weight', the formula of the weight of
%   LogSumExp and SumSoftMaxWeight; 'gradient', a name or a cell array of names: f is then the gradient with respect
%   to that argument, takes the cotangent, of the size of the result, as one more argument, and gives an array of the
%   size of that argument. Without a REDUCTION ('') the formula holds it, as 'Sum_Reduction(F, 1)' with the reduced axis.
%
%   Example
%     x = rand(1000, 3); y = rand(2000, 3); b = rand(2000, 2);
%     f = pairfold.genred('Exp(-g * SqDist(x, y)) * b', {'g = Pm(1)', 'x = Vi(3)', 'y = Vj(3)', 'b = Vj(2)'});
%     a = f(10, x, y, b);                                                       % 1000 x 2
%     df = pairfold.genred('Exp(-g * SqDist(x, y)) * b', {'g = Pm(1)', 'x = Vi(3)', 'y = Vj(3)', 'b = Vj(2)'}, ...
%                          'Sum', 'j', 'gradient', 'x');
%     gx = df(10, x, y, b, ones(size(a)));                                      % 1000 x 3
%
%   See also pairfold.kernel_solve, pairfold.operations, pairfold.LazyTensor

if nargin < 3
  reduction = 'Sum';
end
if nargin < 4
  index = 2;
end
given = pairfold.internal.named(varargin, {'K', 'weight', 'gradient'});
text = pairfold.internal.formula_lines(formula, aliases, index);
if ~isempty(reduction)
  text = [text, sprintf('reduction\t%s\n', pairfold.internal.quoted(reduction))];
end
if ~isempty(given.K)
  text = [text, sprintf('k\t%d\n', given.K)];
end
if ~isempty(given.weight)
  text = [text, sprintf('weight\t%s\n', pairfold.internal.quoted(given.weight))];
end
if ~iscell(given.gradient)
  given.gradient = {given.gradient};
end
for name = given.gradient(~cellfun(@isempty, given.gradient))
  text = [text, sprintf('gradient\t%s\n', pairfold.internal.quoted(name{1}))];  %#ok<AGROW>
end
[~, facts] = pairfold.internal.request('declare', [text, pairfold.internal.settings()]);
kinds = cellfun(@(fact) fact{3}, facts(cellfun(@(fact) strcmp(fact{1}, 'argument'), facts)), 'UniformOutput', false);
text = [text, sprintf('index_base\t1\n')];
f = @(varargin) pairfold.internal.call_formula('genred', text, kinds, varargin);

end
