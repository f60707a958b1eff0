classdef Operations
% OPERATIONS  Written by tools/generate_binding_tables.py from the registries of pairfold; do not edit.

  methods
    function r = concat(f, other)
      % CONCAT  concat(f, other): components of f, then those of g.
      r = pairfold.internal.operation('concat', {f, other}, {});
    end

    function r = real2complex(f)
      % REAL2COMPLEX  real2complex(f): f + 0 i.
      r = pairfold.internal.operation('real2complex', {f}, {});
    end

    function r = imag2complex(f)
      % IMAG2COMPLEX  imag2complex(f): 0 + f i.
      r = pairfold.internal.operation('imag2complex', {f}, {});
    end

    function r = exp1j(f)
      % EXP1J  exp1j(f): exp(i f).
      r = pairfold.internal.operation('exp1j', {f}, {});
    end

    function r = exp(f)
      % EXP  exp(f): exp(f).
      r = pairfold.internal.operation('exp', {f}, {});
    end

    function r = log(f)
      % LOG  log(f): natural logarithm of f.
      r = pairfold.internal.operation('log', {f}, {});
    end

    function r = sin(f)
      % SIN  sin(f): sin(f).
      r = pairfold.internal.operation('sin', {f}, {});
    end

    function r = cos(f)
      % COS  cos(f): cos(f).
      r = pairfold.internal.operation('cos', {f}, {});
    end

    function r = abs(f)
      % ABS  abs(f): |f|.
      r = pairfold.internal.operation('abs', {f}, {});
    end

    function r = sqrt(f)
      % SQRT  sqrt(f): square root of f.
      r = pairfold.internal.operation('sqrt', {f}, {});
    end

    function r = floor(f)
      % FLOOR  floor(f): largest integer <= f.
      r = pairfold.internal.operation('floor', {f}, {});
    end

    function r = asin(f)
      % ASIN  asin(f): inverse sine of f.
      r = pairfold.internal.operation('asin', {f}, {});
    end

    function r = acos(f)
      % ACOS  acos(f): inverse cosine of f.
      r = pairfold.internal.operation('acos', {f}, {});
    end

    function r = atan(f)
      % ATAN  atan(f): inverse tangent of f.
      r = pairfold.internal.operation('atan', {f}, {});
    end

    function r = atan2(f, other)
      % ATAN2  atan2(f, other): angle of the point with ordinate f and abscissa g, in [-pi, pi].
      r = pairfold.internal.operation('atan2', {f, other}, {});
    end

    function r = tan(f)
      % TAN  tan(f): tangent of f.
      r = pairfold.internal.operation('tan', {f}, {});
    end

    function r = sinh(f)
      % SINH  sinh(f): hyperbolic sine of f.
      r = pairfold.internal.operation('sinh', {f}, {});
    end

    function r = cosh(f)
      % COSH  cosh(f): hyperbolic cosine of f.
      r = pairfold.internal.operation('cosh', {f}, {});
    end

    function r = tanh(f)
      % TANH  tanh(f): hyperbolic tangent of f.
      r = pairfold.internal.operation('tanh', {f}, {});
    end

    function r = expm1(f)
      % EXPM1  expm1(f): exp(f) - 1.
      r = pairfold.internal.operation('expm1', {f}, {});
    end

    function r = log1p(f)
      % LOG1P  log1p(f): log(1 + f).
      r = pairfold.internal.operation('log1p', {f}, {});
    end

    function r = erf(f)
      % ERF  erf(f): error function of f: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to f.
      r = pairfold.internal.operation('erf', {f}, {});
    end

    function r = rsqrt(f)
      % RSQRT  rsqrt(f): 1 / sqrt(f).
      r = pairfold.internal.operation('rsqrt', {f}, {});
    end

    function r = square(f)
      % SQUARE  square(f): f squared.
      r = pairfold.internal.operation('square', {f}, {});
    end

    function r = inv(f)
      % INV  inv(f): 1 / f.
      r = pairfold.internal.operation('inv', {f}, {});
    end

    function r = sign(f)
      % SIGN  sign(f): -1, 0 or 1.
      r = pairfold.internal.operation('sign', {f}, {});
    end

    function r = step(f)
      % STEP  step(f): 0 where f < 0, else 1.
      r = pairfold.internal.operation('step', {f}, {});
    end

    function r = relu(f)
      % RELU  relu(f): 0 where f < 0, else f.
      r = pairfold.internal.operation('relu', {f}, {});
    end

    function r = exp2(f)
      % EXP2  exp2(f): 2 to the power f.
      r = pairfold.internal.operation('exp2', {f}, {});
    end

    function r = log2(f)
      % LOG2  log2(f): logarithm of f to base 2.
      r = pairfold.internal.operation('log2', {f}, {});
    end

    function r = log10(f)
      % LOG10  log10(f): logarithm of f to base 10.
      r = pairfold.internal.operation('log10', {f}, {});
    end

    function r = asinh(f)
      % ASINH  asinh(f): inverse hyperbolic sine of f.
      r = pairfold.internal.operation('asinh', {f}, {});
    end

    function r = acosh(f)
      % ACOSH  acosh(f): inverse hyperbolic cosine of f.
      r = pairfold.internal.operation('acosh', {f}, {});
    end

    function r = atanh(f)
      % ATANH  atanh(f): inverse hyperbolic tangent of f.
      r = pairfold.internal.operation('atanh', {f}, {});
    end

    function r = sigmoid(f)
      % SIGMOID  sigmoid(f): 1 / (1 + exp(-f)).
      r = pairfold.internal.operation('sigmoid', {f}, {});
    end

    function r = softplus(f)
      % SOFTPLUS  softplus(f): log(1 + exp(f)).
      r = pairfold.internal.operation('softplus', {f}, {});
    end

    function r = logical_and(f, other)
      % LOGICAL_AND  logical_and(f, other): 1 where f and g are not 0, else 0.
      r = pairfold.internal.operation('logical_and', {f, other}, {});
    end

    function r = logical_or(f, other)
      % LOGICAL_OR  logical_or(f, other): 1 where f or g is not 0, else 0.
      r = pairfold.internal.operation('logical_or', {f, other}, {});
    end

    function r = logical_xor(f, other)
      % LOGICAL_XOR  logical_xor(f, other): 1 where one of f and g is 0 and the other is not, else 0.
      r = pairfold.internal.operation('logical_xor', {f, other}, {});
    end

    function r = logical_not(f)
      % LOGICAL_NOT  logical_not(f): 1 where f is 0, else 0.
      r = pairfold.internal.operation('logical_not', {f}, {});
    end

    function r = ceil(f)
      % CEIL  ceil(f): smallest integer >= f.
      r = pairfold.internal.operation('ceil', {f}, {});
    end

    function r = trunc(f)
      % TRUNC  trunc(f): f without its fractional part.
      r = pairfold.internal.operation('trunc', {f}, {});
    end

    function r = round(f, varargin)
      % ROUND  round(f, varargin): f rounded to the given number of decimals (may be negative) (decimals may be left out).
      r = pairfold.internal.operation('round', {f}, [{}, varargin]);
    end

    function r = mod(f, modulus, varargin)
      % MOD  mod(f, modulus, varargin): f - n floor((f - d) / n), in [d, d + n) (offset may be left out).
      r = pairfold.internal.operation('mod', [{f, modulus}, varargin], {});
    end

    function r = clamp(f, lowest, highest)
      % CLAMP  clamp(f, lowest, highest): a where f < a, b where f > b, else f.
      r = pairfold.internal.operation('clamp', {f, lowest, highest}, {});
    end

    function r = clampint(f, a, b)
      % CLAMPINT  clampint(f, a, b): a where f < a, b where f > b, else f, for integers a and b.
      r = pairfold.internal.operation('clampint', {f}, {a, b});
    end

    function r = ifelse(f, chosen, other)
      % IFELSE  ifelse(f, chosen, other): a where f >= 0, else b.
      r = pairfold.internal.operation('ifelse', {f, chosen, other}, {});
    end

    function r = maximum(f, other)
      % MAXIMUM  maximum(f, other): the larger of f and g.
      r = pairfold.internal.operation('maximum', {f, other}, {});
    end

    function r = minimum(f, other)
      % MINIMUM  minimum(f, other): the smaller of f and g.
      r = pairfold.internal.operation('minimum', {f, other}, {});
    end

    function r = xlogx(f)
      % XLOGX  xlogx(f): f log(f).
      r = pairfold.internal.operation('xlogx', {f}, {});
    end

    function r = sinxdivx(f)
      % SINXDIVX  sinxdivx(f): sin(f) / f.
      r = pairfold.internal.operation('sinxdivx', {f}, {});
    end

    function r = sinc(f)
      % SINC  sinc(f): sin(pi f) / (pi f).
      r = pairfold.internal.operation('sinc', {f}, {});
    end

    function r = bspline(f, other, varargin)
      % BSPLINE  bspline(f, other, varargin): values at x of all B-splines of the given degree on the knots (degree may be left out).
      r = pairfold.internal.operation('bspline', {f, other}, [{}, varargin]);
    end

    function r = softdtw_sqdist(f, other1, other2)
      % SOFTDTW_SQDIST  softdtw_sqdist(f, other1, other2): soft dynamic time warping of f and g with squared differences as local costs and temperature t.
      r = pairfold.internal.operation('softdtw_sqdist', {f, other1, other2}, {});
    end

    function r = matvecmult(f, other)
      % MATVECMULT  matvecmult(f, other): A b with the row-major matrix A, whose number of columns is the dimension of b.
      r = pairfold.internal.operation('matvecmult', {f, other}, {});
    end

    function r = vecmatmult(f, other)
      % VECMATMULT  vecmatmult(f, other): b A with the row-major matrix A, whose number of rows is the dimension of b.
      r = pairfold.internal.operation('vecmatmult', {f, other}, {});
    end

    function r = tensorprod(f, other)
      % TENSORPROD  tensorprod(f, other): all products f_k g_l, row-major.
      r = pairfold.internal.operation('tensorprod', {f, other}, {});
    end

    function r = difference_matrix(f, other)
      % DIFFERENCE_MATRIX  difference_matrix(f, other): all differences f_k - g_l, row-major.
      r = pairfold.internal.operation('difference_matrix', {f, other}, {});
    end

    function r = keops_kron(f, other, shape_f, shape_g)
      % KEOPS_KRON  keops_kron(f, other, shape_f, shape_g): Kronecker product of f and g seen as row-major tensors of the given shapes, like numpy.kron.
      r = pairfold.internal.operation('keops_kron', {f, other}, {num2cell(shape_f), num2cell(shape_g)});
    end

    function r = keops_tensordot(f, other, shape_f, shape_g, axes_f, axes_g, varargin)
      % KEOPS_TENSORDOT  keops_tensordot(f, other, shape_f, shape_g, axes_f, axes_g, varargin): f and g seen as row-major tensors, contracted over the paired axes like numpy.tensordot (permutation may be left out).
      r = pairfold.internal.operation('keops_tensordot', {f, other}, [{num2cell(shape_f), num2cell(shape_g), num2cell(axes_f - 1), num2cell(axes_g - 1)}, varargin]);
    end

    function r = sqnorm2(f)
      % SQNORM2  sqnorm2(f): squared Euclidean norm of f.
      r = pairfold.internal.operation('sqnorm2', {f}, {});
    end

    function r = norm2(f)
      % NORM2  norm2(f): Euclidean norm of f.
      r = pairfold.internal.operation('norm2', {f}, {});
    end

    function r = sqdist(f, other)
      % SQDIST  sqdist(f, other): squared Euclidean distance of f and g.
      r = pairfold.internal.operation('sqdist', {f, other}, {});
    end

    function r = normalize(f)
      % NORMALIZE  normalize(f): f divided by its Euclidean norm.
      r = pairfold.internal.operation('normalize', {f}, {});
    end

    function r = weightedsqnorm(f, other)
      % WEIGHTEDSQNORM  weightedsqnorm(f, other): SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights s.
      r = pairfold.internal.operation('weightedsqnorm', {f, other}, {});
    end

    function r = weightedsqdist(f, other1, other2)
      % WEIGHTEDSQDIST  weightedsqdist(f, other1, other2): weighted squared norm of f - g, with the weights s in front.
      r = pairfold.internal.operation('weightedsqdist', {f, other1, other2}, {});
    end

    function r = factorize(f, other)
      % FACTORIZE  factorize(f, other): f; a hint that g occurs in it more than once.
      r = pairfold.internal.operation('factorize', {f, other}, {});
    end

    function r = auto_factorize(f)
      % AUTO_FACTORIZE  auto_factorize(f): f; a hint that sub-formulas occur in it more than once.
      r = pairfold.internal.operation('auto_factorize', {f}, {});
    end

    function r = Add(f, g)
      % ADD  Add(f, g): f + g.
      r = pairfold.internal.operation('Add', {f, g}, {});
    end

    function r = Subtract(f, g)
      % SUBTRACT  Subtract(f, g): f - g.
      r = pairfold.internal.operation('Subtract', {f, g}, {});
    end

    function r = Mult(f, g)
      % MULT  Mult(f, g): f g.
      r = pairfold.internal.operation('Mult', {f, g}, {});
    end

    function r = Divide(f, g)
      % DIVIDE  Divide(f, g): f / g.
      r = pairfold.internal.operation('Divide', {f, g}, {});
    end

    function r = Minus(f)
      % MINUS  Minus(f): -f.
      r = pairfold.internal.operation('Minus', {f}, {});
    end

    function r = LessThan(f, g)
      % LESSTHAN  LessThan(f, g): 1 where f < g, else 0.
      r = pairfold.internal.operation('LessThan', {f, g}, {});
    end

    function r = LessOrEqual(f, g)
      % LESSOREQUAL  LessOrEqual(f, g): 1 where f <= g, else 0.
      r = pairfold.internal.operation('LessOrEqual', {f, g}, {});
    end

    function r = Equal(f, g)
      % EQUAL  Equal(f, g): 1 where f == g, else 0.
      r = pairfold.internal.operation('Equal', {f, g}, {});
    end

    function r = NotEqual(f, g)
      % NOTEQUAL  NotEqual(f, g): 1 where f != g, else 0.
      r = pairfold.internal.operation('NotEqual', {f, g}, {});
    end

    function r = Sum(f)
      % SUM  Sum(f): sum of the components of f.
      r = pairfold.internal.operation('Sum', {f}, {});
    end

    function r = SumT(f, n)
      % SUMT  SumT(f, n): the scalar f replicated n times.
      r = pairfold.internal.operation('SumT', {f}, {n});
    end

    function r = ExtractT(f, start, length)
      % EXTRACTT  ExtractT(f, start, length): a vector of zeros of the given length that holds f from index start on, counted from 1.
      r = pairfold.internal.operation('ExtractT', {f}, {start - 1, length});
    end

    function r = Tile(f, n)
      % TILE  Tile(f, n): f repeated n times one after the other.
      r = pairfold.internal.operation('Tile', {f}, {n});
    end

    function r = SumTiles(f, n)
      % SUMTILES  SumTiles(f, n): the sum of the n equal parts of f: the adjoint of Tile.
      r = pairfold.internal.operation('SumTiles', {f}, {n});
    end

    function r = Spread(f, n, inner)
      % SPREAD  Spread(f, n, inner): f seen as a table of rows of length inner, each row repeated n times.
      r = pairfold.internal.operation('Spread', {f}, {n, inner});
    end

    function r = SumAxis(f, n, inner)
      % SUMAXIS  SumAxis(f, n, inner): f seen as a tensor of shape (outer, n, inner), summed over the middle axis.
      r = pairfold.internal.operation('SumAxis', {f}, {n, inner});
    end

    function r = Permute(f, shape, axes)
      % PERMUTE  Permute(f, shape, axes): f seen as a row-major tensor, its axes permuted like numpy.transpose.
      r = pairfold.internal.operation('Permute', {f}, {num2cell(shape), num2cell(axes - 1)});
    end

    function r = Conj(f)
      % CONJ  Conj(f): complex conjugates of z.
      r = pairfold.internal.operation('Conj', {f}, {});
    end

    function r = Pow(f, n)
      % POW  Pow(f, n): f to the integer power n.
      r = pairfold.internal.operation('Pow', {f}, {n});
    end

    function r = DiffClampInt(f, a, b)
      % DIFFCLAMPINT  DiffClampInt(f, a, b): 1 where a <= f <= b, else 0: the derivative of ClampInt.
      r = pairfold.internal.operation('DiffClampInt', {f}, {a, b});
    end

    function r = SphericalBessel(f, order)
      % SPHERICALBESSEL  SphericalBessel(f, order): spherical Bessel function of the first kind j_n(f) of integer order n.
      r = pairfold.internal.operation('SphericalBessel', {f}, {order});
    end

    function r = SoftMin(f, g)
      % SOFTMIN  SoftMin(f, g): -t log(sum of exp(-f_k / t)) over the components of f, with the temperature t.
      r = pairfold.internal.operation('SoftMin', {f, g}, {});
    end

    function r = Scalprod(f, g)
      % SCALPROD  Scalprod(f, g): Euclidean scalar product of f and g; a scalar operand multiplies the sum of the other.
      r = pairfold.internal.operation('Scalprod', {f, g}, {});
    end

    function r = ElemT(f, length, index)
      % ELEMT  ElemT(f, length, index): a vector of zeros of the given length with f at the index, counted from 1.
      r = pairfold.internal.operation('ElemT', {f}, {length, index - 1});
    end

    function r = SqNormIso(f, g)
      % SQNORMISO  SqNormIso(f, g): s times the squared norm of f.
      r = pairfold.internal.operation('SqNormIso', {f, g}, {});
    end

    function r = SqNormDiag(f, g)
      % SQNORMDIAG  SqNormDiag(f, g): sum of s_k f_k^2.
      r = pairfold.internal.operation('SqNormDiag', {f, g}, {});
    end

    function r = SymSqNorm(f, g)
      % SYMSQNORM  SymSqNorm(f, g): sum of s_kl f_k f_l, s row-major.
      r = pairfold.internal.operation('SymSqNorm', {f, g}, {});
    end

    function r = GaussKernel(f, g, h, k)
      % GAUSSKERNEL  GaussKernel(f, g, h, k): exp(-C r^2) B.
      r = pairfold.internal.operation('GaussKernel', {f, g, h, k}, {});
    end

    function r = LaplaceKernel(f, g, h, k)
      % LAPLACEKERNEL  LaplaceKernel(f, g, h, k): exp(-C r) B.
      r = pairfold.internal.operation('LaplaceKernel', {f, g, h, k}, {});
    end

    function r = CauchyKernel(f, g, h, k)
      % CAUCHYKERNEL  CauchyKernel(f, g, h, k): B / (1 + C r^2).
      r = pairfold.internal.operation('CauchyKernel', {f, g, h, k}, {});
    end

    function r = InverseMultiquadricKernel(f, g, h, k)
      % INVERSEMULTIQUADRICKERNEL  InverseMultiquadricKernel(f, g, h, k): B / sqrt(1 / C + r^2).
      r = pairfold.internal.operation('InverseMultiquadricKernel', {f, g, h, k}, {});
    end

    function r = SumGaussKernel(f, g, h, k, l)
      % SUMGAUSSKERNEL  SumGaussKernel(f, g, h, k, l): (sum of W_k exp(-C_k r^2)) B.
      r = pairfold.internal.operation('SumGaussKernel', {f, g, h, k, l}, {});
    end

    function r = DivFreeGaussKernel(f, g, h, k)
      % DIVFREEGAUSSKERNEL  DivFreeGaussKernel(f, g, h, k): exp(-C r^2) [((d - 1) / (2 C) - r^2) B + <B, X - Y> (X - Y)].
      r = pairfold.internal.operation('DivFreeGaussKernel', {f, g, h, k}, {});
    end

    function r = CurlFreeGaussKernel(f, g, h, k)
      % CURLFREEGAUSSKERNEL  CurlFreeGaussKernel(f, g, h, k): exp(-C r^2) [B / (2 C) - <B, X - Y> (X - Y)].
      r = pairfold.internal.operation('CurlFreeGaussKernel', {f, g, h, k}, {});
    end

    function r = TRIGaussKernel(f, g, h, k, l)
      % TRIGAUSSKERNEL  TRIGaussKernel(f, g, h, k, l): L DivFreeGaussKernel + (1 - L) CurlFreeGaussKernel.
      r = pairfold.internal.operation('TRIGaussKernel', {f, g, h, k, l}, {});
    end

    function r = grad_matrix(f, v)
      % GRAD_MATRIX  grad_matrix(f, v): Jacobian of f with respect to the variable v, row-major, the index of f slow.
      r = pairfold.internal.operation('grad_matrix', {f, v}, {});
    end

    function r = diff(f, v, u)
      % DIFF  diff(f, v, u): directional derivative of f with respect to v along u; tuples of v and u are added up.
      r = pairfold.internal.operation('diff', {f, v, u}, {});
    end

    function r = divergence(f, v)
      % DIVERGENCE  divergence(f, v): trace of the Jacobian of f with respect to v.
      r = pairfold.internal.operation('divergence', {f, v}, {});
    end

    function r = laplacian(f, v)
      % LAPLACIAN  laplacian(f, v): sum of the second derivatives of the scalar f with respect to the components of v.
      r = pairfold.internal.operation('laplacian', {f, v}, {});
    end

    function r = trace_operator(f, v, varargin)
      % TRACE_OPERATOR  trace_operator(f, v, varargin): trace of the formula L, linear in v; with weights w: sum of w_k L_kk (weights may be left out).
      r = pairfold.internal.operation('trace_operator', [{f, v}, varargin], {});
    end

    function r = logsumexp(F, dim, varargin)
      % LOGSUMEXP  logsumexp(F, dim, varargin): log of the sum over j of exp(F), per component, over dim.
      r = pairfold.internal.reduced(F, 'logsumexp', dim, {}, varargin{:});
    end

    function r = sumsoftmaxweight(F, dim, weight)
      % SUMSOFTMAXWEIGHT  sumsoftmaxweight(F, dim, weight): sum over j of exp(F) G divided by the sum over j of exp(F), per component; F or G may be a scalar, over dim.
      r = pairfold.internal.reduced(F, 'sumsoftmaxweight', dim, {}, weight);
    end

    function [r, i] = min_argmin(F, dim)
      % MIN_ARGMIN  min_argmin(F, dim): minimum over j of F and the first j that attains it, counted from 1, over dim.
      [r, i] = pairfold.internal.reduced(F, 'min_argmin', dim, {});
    end

    function [r, i] = max_argmax(F, dim)
      % MAX_ARGMAX  max_argmax(F, dim): maximum over j of F and the first j that attains it, counted from 1, over dim.
      [r, i] = pairfold.internal.reduced(F, 'max_argmax', dim, {});
    end

    function r = Kmin(F, k, dim)
      % KMIN  Kmin(F, k, dim): the K smallest values of F over j, over dim.
      r = pairfold.internal.reduced(F, 'Kmin', dim, {k});
    end

    function r = argKmin(F, k, dim)
      % ARGKMIN  argKmin(F, k, dim): the columns j of the K smallest values of F, counted from 1, over dim.
      r = pairfold.internal.reduced(F, 'argKmin', dim, {k});
    end

    function [r, i] = Kmin_argKmin(F, k, dim)
      % KMIN_ARGKMIN  Kmin_argKmin(F, k, dim): the K smallest values of F over j and their columns, counted from 1, over dim.
      [r, i] = pairfold.internal.reduced(F, 'Kmin_argKmin', dim, {k});
    end

    function r = prod(F, dim)
      % PROD  prod(F, dim): product over j of F, per component, over dim.
      r = pairfold.internal.reduced(F, 'prod', dim, {});
    end

    function r = any(F, dim)
      % ANY  any(F, dim): 1 if F is not 0 for some j, else 0, per component, over dim.
      r = pairfold.internal.reduced(F, 'any', dim, {});
    end

    function r = all(F, dim)
      % ALL  all(F, dim): 1 if F is not 0 for all j, else 0, per component, over dim.
      r = pairfold.internal.reduced(F, 'all', dim, {});
    end

    function r = sum(F, dim)
      % SUM  sum(F, dim): sum over j of F, over dim.
      if nargin == 1
        dim = 3;
      end
      r = pairfold.internal.reduced(F, 'sum', dim, {});
    end

    function r = mean(F, dim)
      % MEAN  mean(F, dim): average over j of F, per component, over dim.
      r = pairfold.internal.reduced(F, 'mean', dim, {});
    end
  end
end
