classdef LazyTensor < pairfold.internal.Operations
% LAZYTENSOR  An expression on all pairs of points, that no memory holds.
%   x = pairfold.LazyTensor(X, kind) wraps an array; pairfold.Vi, Vj and Pm are the short forms:
%     kind 'i'  X is N x D, one point x_i per row: the result has the size N x 1 x D
%     kind 'j'  X is M x D, one point y_j per row: the result has the size 1 x M x D
%     kind 'p'  X is a vector of D numbers, the same for all pairs: 1 x 1 x D
%   The classes of the arrays choose the precision: with any single array, 1 x 1 ones aside, all is single.
%
%   Operators work pair by pair and component by component, with LazyTensors and numbers: + - .* ./ .^ < <= > >= == ~=
%   and -x; x | y is the scalar product; & and ~ are for
%   conditions; K.' swaps i and j. K * b and K \ b treat K of size N x M as a matrix, and b as
%   a plain array of M x E or N x E; a * K too. See pairfold.operations for the functions (exp, sqdist, ...).
%
%   Reductions: sum(K, dim) and mean, prod, any, all, argmin, argmax, min_argmin, max_argmax, logsumexp(K, dim, weight),
%   sumsoftmaxweight(K, dim, weight), Kmin(K, k, dim), argKmin, Kmin_argKmin, [v, i] = min(K, [], dim), max, mink(K, k,
%   dim), maxk, var(K, w, dim), and reduction(K, name, dim) for all others. dim 1 or 'i' reduces over i and gives M x D,
%   dim 2 or 'j' reduces over j and gives N x D, dim 3 acts on the components and gives a LazyTensor, as does
%   leaving dim out. K entries of a D-vector are N x K x D. Indices count from 1.
%
%   full(K) is the array N x M x D; grad(F, v, e) gradients; solve(K, b) linear systems; formula(K) the formula.
%
%   Example
%     x = pairfold.Vi(rand(1000, 3));
%     y = pairfold.Vj(rand(2000, 3));
%     K = exp(-sum((x - y) .^ 2) / 0.1);      % 1000 x 2000
%     a = K * rand(2000, 1);                  % 1000 x 1
%     [d, nearest] = min(sqdist(x, y), [], 2);
%
%   See also pairfold.Vi, pairfold.Vj, pairfold.Pm, pairfold.operations, pairfold.genred

  properties (SetAccess = private, Hidden)
    State  % what pairfold.internal.operation makes
  end

  methods
    function K = LazyTensor(X, kind)
      if nargin == 1 && isstruct(X)
        K.State = X;
      elseif nargin == 2
        K.State = pairfold.internal.leaf(X, kind);
      else
        error('pairfold:ArgumentTypeError', '%s', ...
              'Write pairfold.LazyTensor(X, ''i''), ''j'' or ''p'', or pairfold.Vi(X), Vj(X) or Pm(X).');
      end
    end

    % -------------------------------------------------------------- operators

    function r = plus(a, b)
      r = pairfold.internal.operation('+', {a, b});
    end

    function r = minus(a, b)
      r = pairfold.internal.operation('-', {a, b});
    end

    function r = uminus(a)
      r = pairfold.internal.operation('-', {a});
    end

    function r = uplus(a)
      r = a;
    end

    function r = times(a, b)
      r = pairfold.internal.operation('*', {a, b});
    end

    function r = rdivide(a, b)
      r = pairfold.internal.operation('/', {a, b});
    end

    function r = ldivide(a, b)
      r = pairfold.internal.operation('/', {b, a});
    end

    function r = power(a, b)
      % POWER  a .^ b: an integer b is part of the formula, so that powers of negative numbers are right.
      if isnumeric(b) && isscalar(b) && isreal(b) && b == round(b) && abs(b) < 100
        r = pairfold.internal.operation('**', {a}, {double(b)});
      else
        r = pairfold.internal.operation('**', {a, b});
      end
    end

    function r = lt(a, b)
      r = pairfold.internal.operation('<', {a, b});
    end

    function r = le(a, b)
      r = pairfold.internal.operation('<=', {a, b});
    end

    function r = gt(a, b)
      r = pairfold.internal.operation('>', {a, b});
    end

    function r = ge(a, b)
      r = pairfold.internal.operation('>=', {a, b});
    end

    function r = eq(a, b)
      r = pairfold.internal.operation('==', {a, b});
    end

    function r = ne(a, b)
      r = pairfold.internal.operation('!=', {a, b});
    end

    function r = or(a, b)
      % OR  x | y is the scalar product of each pair; of two conditions, such as (x < y) | (x > z), whether one holds.
      r = pairfold.internal.operation('|', {a, b});
    end

    function r = and(a, b)
      % AND  1 where neither is 0.
      r = pairfold.internal.operation('logical_and', {a, b});
    end

    function r = xor(a, b)
      % XOR  1 where exactly one is 0.
      r = pairfold.internal.operation('logical_xor', {a, b});
    end

    function r = not(a)
      % NOT  1 where a is 0.
      r = pairfold.internal.operation('logical_not', {a});
    end

    function r = where(c, a, b)
      % WHERE  where(c, a, b): a where c is not 0, else b.
      r = pairfold.internal.operation('Where', {c, a, b});
    end

    function r = transpose(K)
      % TRANSPOSE  K.' swaps i and j.
      r = pairfold.internal.operation('T', {K});
    end

    function r = ctranspose(K)
      % CTRANSPOSE  K' swaps i and j, and takes complex conjugates.
      r = transpose(K);
      if K.State.is_complex
        r = conj(r);
      end
    end

    function r = mtimes(a, b)
      % MTIMES  K * b with an M x E array is N x E; a * K with an E x N array is E x M; with a number, c * K, as .*
      if is_factor(a) || is_factor(b)
        r = times(a, b);
      elseif isnumeric(b) || islogical(b)
        r = matvec(a, b);
      elseif isnumeric(a) || islogical(a)
        r = matvec(transpose(b), a.').';
      else
        refuse('*', '.*', 'the product of two matrices is not lazy: K * (L * b)');
      end
    end

    function r = mrdivide(a, b)
      % MRDIVIDE  K / c with a number or a parameter.
      if is_factor(b) || (is_factor(a) && ~isnumeric(b))
        r = rdivide(a, b);
      else
        refuse('/', './', 'linear systems are K \ b');
      end
    end

    function r = mldivide(K, b)
      % MLDIVIDE  K \ b solves the linear system with 1e-10 added to the diagonal; see solve.
      r = solve(K, b);
    end

    function r = mpower(a, b)  %#ok<STOUT,INUSD>
      % MPOWER  Refused: a power of a matrix is not lazy.
      refuse('^', '.^', 'powers of matrices are not lazy');
    end

    function r = vertcat(varargin)
      % VERTCAT  [x; y] is not lazy; joined components are [x, y] or concat(x, y).
      r = varargin{1};
      if nargin > 1
        error('pairfold:ArgumentTypeError', '%s', 'LazyTensors are joined by components: [x, y].');
      end
    end

    function r = horzcat(varargin)
      % HORZCAT  [x, y] has the components of x, then those of y.
      r = varargin{1};
      for k = 2:nargin
        r = concat(r, varargin{k});
      end
    end

    % -------------------------------------------------------------- facts

    function varargout = size(K, dim)
      % SIZE  [N, M, D]; N and M are 1 where K does not depend on i or j. D = 1 is left out, as arrays do.
      sizes = K.State.shape;
      if nargin > 1
        sizes = [sizes, ones(1, max(dim) - 3)];
        varargout{1} = sizes(dim);
      elseif nargout < 2
        varargout{1} = sizes(1:2 + (sizes(3) ~= 1));
      else
        sizes = [sizes, ones(1, nargout - 3)];
        varargout = num2cell([sizes(1:nargout - 1), prod(sizes(nargout:end))]);
      end
    end

    function r = ndims(K)
      % NDIMS  2 for one component, else 3.
      r = 2 + (K.State.shape(3) ~= 1);
    end

    function r = isreal(K)
      % ISREAL  False for complex expressions.
      r = ~K.State.is_complex;
    end

    function text = formula(K)
      % FORMULA  The formula of the expression, as pairfold writes it; Vi(0,3) is argument 0 with 3 components.
      [~, facts] = pairfold.internal.request('describe', [K.State.lines{:}]);
      text = facts{1}{5};
    end

    function disp(K)
      % DISP  Shows size and formula.
      kind = 'LazyTensor';
      if K.State.is_complex
        kind = 'complex LazyTensor';
      end
      fprintf('  %s, %s: %s\n', strjoin(strtrim(cellstr(num2str(K.State.shape(:)))).', ' x '), kind, formula(K));
    end

    function display(K)  %#ok<DISPLAY>
      % DISPLAY  Shows name, size and formula.
      fprintf('%s =\n', inputname(1));
      disp(K);
    end

    % -------------------------------------------------------------- reductions

    function varargout = min(F, G, dim)
      % MIN  min(F, [], dim) over dim, [v, i] = min(F, [], dim) with indices from 1; min(F, G) pair by pair.
      if nargin == 1
        dim = 3;
        G = [];
      elseif nargin == 2
        dim = 3;
      end
      if ~isempty_array(G)
        varargout{1} = pairfold.internal.operation('minimum', {F, G});
      else
        [varargout{1:max(1, nargout)}] = extremum(F, 'min', dim);
      end
    end

    function varargout = max(F, G, dim)
      % MAX  max(F, [], dim) over dim, [v, i] = max(F, [], dim) with indices from 1; max(F, G) pair by pair.
      if nargin == 1
        dim = 3;
        G = [];
      elseif nargin == 2
        dim = 3;
      end
      if ~isempty_array(G)
        varargout{1} = pairfold.internal.operation('maximum', {F, G});
      else
        [varargout{1:max(1, nargout)}] = extremum(F, 'max', dim);
      end
    end

    function r = argmin(F, dim)
      % ARGMIN  Index from 1 of the smallest entry over dim: M x D or N x D, or a LazyTensor for the components.
      if nargin == 1
        dim = 3;
      end
      r = pairfold.internal.reduced(F, 'argmin', dim, {});
      if isa(r, 'pairfold.LazyTensor')
        r = r + 1;
      end
    end

    function r = argmax(F, dim)
      % ARGMAX  Index from 1 of the largest entry over dim: M x D or N x D, or a LazyTensor for the components.
      if nargin == 1
        dim = 3;
      end
      r = pairfold.internal.reduced(F, 'argmax', dim, {});
      if isa(r, 'pairfold.LazyTensor')
        r = r + 1;
      end
    end

    function r = elem(F, index)
      % ELEM  Component number index, counted from 1.
      check_components(F, index, index);
      r = pairfold.internal.operation('elem', {F}, {index - 1});
    end

    function r = extract(F, start, count)
      % EXTRACT  The components start, ..., start + count - 1, counted from 1.
      check_components(F, start, start + count - 1);
      r = pairfold.internal.operation('extract', {F}, {start - 1, count});
    end

    function r = one_hot(f, length)
      % ONE_HOT  A vector of zeros of the given length with 1 at the index, counted from 1, nearest to f.
      r = pairfold.internal.operation('one_hot', {f - 1}, {length});
    end

    function [v, i] = mink(F, k, dim)
      % MINK  The k smallest entries over dim, and their indices from 1: N x k, or N x k x D.
      if nargout < 2
        v = Kmin(F, k, dim);
      else
        [v, i] = Kmin_argKmin(F, k, dim);
      end
    end

    function [v, i] = maxk(F, k, dim)
      % MAXK  The k largest entries over dim, and their indices from 1: N x k, or N x k x D.
      if nargout < 2
        v = -Kmin(-F, k, dim);
      else
        [v, i] = Kmin_argKmin(-F, k, dim);
        v = -v;
      end
    end

    function r = var(F, w, dim)
      % VAR  var(F, w, dim): variance over dim, divided by the number of entries with w = 1, by one less with w = 0 or [].
      if nargin < 3
        error('pairfold:ArgumentTypeError', '%s', 'Write var(F, 0, dim), or var(F, 1, dim), with dim 1 or 2.');
      end
      r = pairfold.internal.reduced(F, 'var', dim, {});
      if isempty(w) || isequal(w, 0)
        count = F.State.shape(pairfold.internal.axis(dim) + 1);
        r = r * (count / (count - 1));
      elseif ~isequal(w, 1)
        error('pairfold:ArgumentValueError', '%s', 'The weight of var is 0 or 1.');
      end
    end

    function varargout = reduction(F, name, dim, varargin)
      % REDUCTION  reduction(F, name, dim, 'K', k, 'weight', w): any reduction by name, such as 'Max_SumShiftExp'.
      %   See pairfold.operations('reductions'). The outputs are arrays of M x D' (dim 1) or N x D' (dim 2).
      given = pairfold.internal.named(varargin, {'K', 'weight'});
      settings = {'other', given.weight, 'opt_arg', given.K};
      [varargout{1:max(1, nargout)}] = pairfold.internal.evaluate(F, 'reduction', {name}, dim, settings);
    end

    % -------------------------------------------------------------- matrices

    function r = matvec(K, b)
      % MATVEC  Sum over j of K_ij b_j, for an M x E array b: N x E. The same as K * b.
      r = pairfold.internal.evaluate(K, 'matvec', {b});
    end

    function r = rmatvec(K, b)
      % RMATVEC  Sum over i of K_ij b_i, for an N x E array b: M x E. The same as K.' * b.
      r = matvec(transpose(K), b);
    end

    function r = full(K)
      % FULL  The array of all pairs, N x M x D: for small N and M.
      r = pairfold.internal.evaluate(K, 'dense', {});
    end

    function r = double(K)
      % DOUBLE  The array of all pairs in double precision; see full.
      r = double(full(K));
    end

    function r = single(K)
      % SINGLE  The array of all pairs in single precision; see full.
      r = single(full(K));
    end

    function r = diag(K)
      % DIAG  The entries of pairs (i, i): N x D.
      r = pairfold.internal.evaluate(K, 'diag', {});
    end

    function r = rows(K, i)
      % ROWS  The rows i, counted from 1, as an array of numel(i) x M x D.
      r = pairfold.internal.evaluate(K, 'rows', {num2cell(double(i(:).') - 1)});
    end

    function r = block(K, i, j)
      % BLOCK  The entries of rows i and columns j, counted from 1, as an array of numel(i) x numel(j) x D.
      r = pairfold.internal.evaluate(K, 'block', {num2cell(double(i(:).') - 1), num2cell(double(j(:).') - 1)});
    end

    function a = solve(K, b, varargin)
      % SOLVE  a = solve(K, b): the N x E array a with K * a + alpha a = b, for a symmetric positive K, by conjugate
      %   gradients. Settings by name: 'alpha' (1e-10), 'eps', 'rtol' (1e-6), 'maxiter', 'preconditioner' ('nystrom'),
      %   'on_failure' ('raise' or 'warn').
      names = {'alpha', 'eps', 'rtol', 'maxiter', 'preconditioner', 'on_failure'};
      given = pairfold.internal.named(varargin, names);
      settings = [names; struct2cell(given).'];
      a = pairfold.internal.evaluate(K, 'solve', {b}, [], settings(:).');
    end

    function text = explain(K, varargin)
      % EXPLAIN  What the engine does for a sum over j, or for the reduction of another name: explain(K, 'Max').
      text = pairfold.internal.evaluate(K, 'explain', varargin);
    end

    % -------------------------------------------------------------- complex numbers

    function r = real(K)
      % REAL  Real parts.
      r = pairfold.internal.operation('real', {K});
    end

    function r = imag(K)
      % IMAG  Imaginary parts.
      r = pairfold.internal.operation('imag', {K});
    end

    function r = angle(K)
      % ANGLE  Arguments of complex numbers.
      r = pairfold.internal.operation('angle', {K});
    end

    function r = conj(K)
      % CONJ  Complex conjugates.
      r = pairfold.internal.operation('conj', {K});
    end

    function r = norm(K)
      % NORM  Euclidean norm of each pair; the same as norm2.
      r = pairfold.internal.operation('norm', {K});
    end

    % -------------------------------------------------------------- gradients

    function g = grad(F, v, e, varargin)
      % GRAD  Gradients with respect to an argument v, which pairfold.Vi, Vj or Pm made.
      %   grad(F, v, e) with a LazyTensor e of the size of F: the adjoint of the differential of F, applied to e, pair by
      %   pair: a LazyTensor.
      %   grad(F, v, e) with an array e: the gradient of sum(F, 2), applied to e, which has the size of that sum; the
      %   result is an array of the size of v. grad(F, v, e, name, dim, 'K', k, 'weight', w) does the same for any
      %   reduction, by the name that pairfold.operations('reductions') lists.
      if isa(e, 'pairfold.LazyTensor') || (isscalar(e) && isequal(nargin, 3) && ~is_one_row(F))
        g = pairfold.internal.operation('grad', {F, v, e});
        return
      end
      name = 'Sum';
      dim = 2;
      if nargin > 3
        name = varargin{1};
      end
      if nargin > 4
        dim = varargin{2};
      end
      given = pairfold.internal.named(varargin(3:end), {'K', 'weight'});
      settings = {'weight', given.weight, 'K', given.K};
      g = pairfold.internal.evaluate(F, 'pullback', {name, pairfold.internal.axis(dim), v, e}, [], settings);
      if size(g, 1) == 1 && v.State.shape(1) == 1 && v.State.shape(2) == 1
        g = g.';
      end
    end
  end
end


function varargout = extremum(F, name, dim)
if nargout > 1 && pairfold.internal.axis(dim) >= 0
  [varargout{1:2}] = pairfold.internal.reduced(F, [name '_arg' name], dim, {});
else
  varargout{1} = pairfold.internal.reduced(F, name, dim, {});
  if nargout > 1
    varargout{2} = pairfold.internal.reduced(F, ['arg' name], dim, {}) + 1;
  end
end
end


function is_it = is_factor(x)
% Numbers and parameters multiply entry by entry.
if isa(x, 'pairfold.LazyTensor')
  is_it = isequal(x.State.shape(1:2), [1, 1]);
else
  is_it = isscalar(x);
end
end


function is_it = isempty_array(G)
is_it = isnumeric(G) && isempty(G);
end


function check_components(F, first, last)
dim = F.State.shape(3);
if ~(isscalar(first) && isscalar(last) && first == round(first) && first >= 1 && last >= first && last <= dim)
  error('pairfold:ArgumentIndexError', 'The components count from 1 to %d; found %g to %g.', dim, first, last);
end
end


function refuse(operator, other, advice)
error('pairfold:ArgumentTypeError', 'Between LazyTensors %s is that of matrices; write %s for entries (%s).', ...
      operator, other, advice);
end
