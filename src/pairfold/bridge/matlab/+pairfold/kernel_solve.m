function f = kernel_solve(formula, aliases, unknown, index, varargin)
% KERNEL_SOLVE  f = pairfold.kernel_solve(formula, aliases, unknown) solves linear systems given by a formula.
%   FORMULA is linear in the argument called UNKNOWN, a Vj; f(...) takes all arguments in the order of ALIASES, see
%   pairfold.genred, with the N x E right-hand side in the place of the unknown, and returns the N x E solution a of
%   sum_j formula(x_i, y_j, a_j) + alpha a_i = b_i. INDEX is what is summed over, 'j' by default. Settings by name:
%   'alpha' (1e-10), 'eps', 'rtol' (1e-6), 'maxiter', 'preconditioner' ('nystrom'), 'on_failure' ('raise' or 'warn').
%
%   Example
%     x = rand(1000, 2); b = sin(6 * x(:, 1));
%     f = pairfold.kernel_solve('Exp(-SqDist(x, y) / 0.01) * a', {'x = Vi(2)', 'y = Vj(2)', 'a = Vj(1)'}, 'a', 'j', ...
%                               'alpha', 0.1);
%     a = f(x, x, b);                                                           % 1000 x 1
%
%   See also pairfold.genred, pairfold.LazyTensor

if nargin < 4
  index = 2;
end
names = {'alpha', 'eps', 'rtol', 'maxiter', 'preconditioner', 'on_failure'};
given = pairfold.internal.named(varargin, names);
text = pairfold.internal.formula_lines(formula, aliases, index);
text = [text, sprintf('unknown\t%s\n', pairfold.internal.quoted(unknown))];
for k = 1:numel(names)
  if ~isempty(given.(names{k}))
    text = [text, sprintf('option\t%s', names{k}), pairfold.internal.arguments({given.(names{k})}), ...
            sprintf('\n')];  %#ok<AGROW>
  end
end
[~, facts] = pairfold.internal.request('declare', pairfold.internal.formula_lines(formula, aliases, index));
kinds = cellfun(@(fact) fact{3}, facts(cellfun(@(fact) strcmp(fact{1}, 'argument'), facts)), 'UniformOutput', false);
f = @(varargin) pairfold.internal.call_formula('solve', text, kinds, varargin);

end
