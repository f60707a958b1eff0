# What each operation of the table is in base R: how it is called on tensors x_i and y_j, and its value for one pair of
# vectors. Entries of x and y are between 0.1 and 0.9; a and b are the rows.
same <- function(f) list(lazy = function(x, y) f(x), plain = function(a, b) f(a))

log_add <- function(x, temperature) -temperature * log(sum(exp(-x / temperature)))

soft_dtw <- function(a, b, gamma) {
  n <- length(a)
  m <- length(b)
  r <- matrix(Inf, n + 1, m + 1)
  r[1, 1] <- 0
  for (i in seq_len(n)) for (j in seq_len(m)) {
    r[i + 1, j + 1] <- (a[i] - b[j])^2 + log_add(c(r[i, j + 1], r[i + 1, j], r[i, j]), gamma)
  }
  r[n + 1, m + 1]
}

b_splines <- function(x, knots, degree) {
  if (degree == 0) return(as.numeric(knots[-length(knots)] <= x & x < knots[-1]))
  below <- b_splines(x, knots, degree - 1)
  k <- seq_len(length(knots) - degree - 1)
  left <- (x - knots[k]) / (knots[k + degree] - knots[k])
  right <- (knots[k + degree + 1] - x) / (knots[k + degree + 1] - knots[k + 1])
  left * below[k] + right * below[k + 1]
}

weights <- c(0.5, 1.5, 2.5)
square_matrix <- c(2, 0.5, 0.25, 1, 3, 0.75, 0.1, 0.2, 4)
rows_of <- function(m) matrix(m, 3, byrow = TRUE)

references <- list(
  concat = list(lazy = function(x, y) concat(x, y), plain = c),
  extract = list(lazy = function(x, y) extract(x, 2, 2), plain = function(a, b) a[2:3]),
  max = list(lazy = function(x, y) max(x - y), plain = function(a, b) max(a - b)),
  min = list(lazy = function(x, y) min(x - y), plain = function(a, b) min(a - b)),
  argmax = list(lazy = function(x, y) argmax(x - y), plain = function(a, b) which.max(a - b)),
  argmin = list(lazy = function(x, y) argmin(x - y), plain = function(a, b) which.min(a - b)),
  real2complex = list(lazy = function(x, y) real2complex(x), plain = function(a, b) a + 0i),
  imag2complex = list(lazy = function(x, y) imag2complex(x), plain = function(a, b) a * 1i),
  exp1j = list(lazy = function(x, y) exp1j(x), plain = function(a, b) exp(1i * a)),
  exp = same(exp), log = same(log), sin = same(sin), cos = same(cos), sqrt = same(sqrt), asin = same(asin),
  acos = same(acos), atan = same(atan), tan = same(tan), sinh = same(sinh), cosh = same(cosh), tanh = same(tanh),
  expm1 = same(expm1), log1p = same(log1p), log2 = same(log2), log10 = same(log10), asinh = same(asinh),
  atanh = same(atanh),
  acosh = same(function(x) acosh(x + 1)),
  abs = same(function(x) abs(x - 0.5)), floor = same(function(x) floor(4 * x)), ceil = same(function(x) ceiling(4 * x)),
  trunc = same(function(x) trunc(4 * x)), sign = same(function(x) sign(x - 0.5)), round = same(function(x) round(x, 1)),
  power = list(lazy = function(x, y) x^y, plain = `^`),
  atan2 = list(lazy = function(x, y) atan2(x, y), plain = atan2),
  erf = list(lazy = function(x, y) erf(x), plain = function(a, b) 2 * pnorm(a * sqrt(2)) - 1),
  rsqrt = list(lazy = function(x, y) rsqrt(x), plain = function(a, b) 1 / sqrt(a)),
  square = list(lazy = function(x, y) square(x), plain = function(a, b) a^2),
  inv = list(lazy = function(x, y) inv(x), plain = function(a, b) 1 / a),
  step = list(lazy = function(x, y) step(x - y), plain = function(a, b) as.numeric(a >= b)),
  relu = list(lazy = function(x, y) relu(x - y), plain = function(a, b) pmax(a - b, 0)),
  exp2 = list(lazy = function(x, y) exp2(x), plain = function(a, b) 2^a),
  sigmoid = list(lazy = function(x, y) sigmoid(x), plain = function(a, b) plogis(a)),
  softplus = list(lazy = function(x, y) softplus(x), plain = function(a, b) log(1 + exp(a))),
  mod = list(lazy = function(x, y) mod(x, 0.25, 0.1), plain = function(a, b) (a - 0.1) %% 0.25 + 0.1),
  clamp = list(lazy = function(x, y) clamp(x, 0.3, y + 0.3), plain = function(a, b) pmin(pmax(a, 0.3), b + 0.3)),
  clampint = list(lazy = function(x, y) clampint(4 * x, 1, 3), plain = function(a, b) pmin(pmax(4 * a, 1), 3)),
  where = list(lazy = function(x, y) where(x < y, x, y), plain = pmin),
  logical_and = list(
    lazy = function(x, y) logical_and(x < 0.5, y < 0.5), plain = function(a, b) as.numeric(a < 0.5 & b < 0.5)
  ),
  logical_or = list(
    lazy = function(x, y) logical_or(x < 0.5, y < 0.5), plain = function(a, b) as.numeric(a < 0.5 | b < 0.5)
  ),
  logical_xor = list(
    lazy = function(x, y) logical_xor(x < 0.5, y < 0.5), plain = function(a, b) as.numeric(xor(a < 0.5, b < 0.5))
  ),
  logical_not = list(lazy = function(x, y) logical_not(x < 0.5), plain = function(a, b) as.numeric(a >= 0.5)),
  ifelse = list(lazy = function(x, y) ifelse(x - y, x, 7), plain = function(a, b) ifelse(a - b >= 0, a, 7)),
  maximum = list(lazy = function(x, y) maximum(x, y), plain = pmax),
  minimum = list(lazy = function(x, y) minimum(x, y), plain = pmin),
  xlogx = list(lazy = function(x, y) xlogx(x), plain = function(a, b) a * log(a)),
  sinxdivx = list(lazy = function(x, y) sinxdivx(x), plain = function(a, b) sin(a) / a),
  sinc = list(lazy = function(x, y) sinc(x), plain = function(a, b) sin(pi * a) / (pi * a)),
  bspline = list(
    lazy = function(x, y) bspline(c(0, 0.2, 0.4, 0.6, 0.8, 1), elem(x, 1), 2),
    plain = function(a, b) b_splines(a[1], c(0, 0.2, 0.4, 0.6, 0.8, 1), 2)
  ),
  softdtw_sqdist = list(lazy = function(x, y) softdtw_sqdist(x, y, 0.1), plain = function(a, b) soft_dtw(a, b, 0.1)),
  matvecmult = list(
    lazy = function(x, y) matvecmult(square_matrix, x), plain = function(a, b) rows_of(square_matrix) %*% a
  ),
  vecmatmult = list(
    lazy = function(x, y) vecmatmult(x, square_matrix), plain = function(a, b) a %*% rows_of(square_matrix)
  ),
  tensorprod = list(lazy = function(x, y) tensorprod(x, y), plain = function(a, b) t(outer(a, b))),
  difference_matrix = list(lazy = function(x, y) difference_matrix(x, y), plain = function(a, b) t(outer(a, b, "-"))),
  keops_kron = list(lazy = function(x, y) keops_kron(x, y, 3, 3), plain = function(a, b) kronecker(a, b)),
  keops_tensordot = list(lazy = function(x, y) keops_tensordot(x, y, 3, 3, 0, 0), plain = function(a, b) sum(a * b)),
  sqnorm2 = list(lazy = function(x, y) sqnorm2(x), plain = function(a, b) sum(a^2)),
  norm2 = list(lazy = function(x, y) norm2(x), plain = function(a, b) sqrt(sum(a^2))),
  sqdist = list(lazy = function(x, y) sqdist(x, y), plain = function(a, b) sum((a - b)^2)),
  elem = list(lazy = function(x, y) elem(x, 3), plain = function(a, b) a[3]),
  one_hot = list(
    lazy = function(x, y) one_hot(argmax(x), 3), plain = function(a, b) as.numeric(seq_along(a) == which.max(a))
  ),
  normalize = list(lazy = function(x, y) normalize(x), plain = function(a, b) a / sqrt(sum(a^2))),
  weightedsqnorm = list(lazy = function(x, y) weightedsqnorm(x, weights), plain = function(a, b) sum(weights * a^2)),
  weightedsqdist = list(
    lazy = function(x, y) weightedsqdist(x, y, weights), plain = function(a, b) sum(weights * (a - b)^2)
  ),
  factorize = list(lazy = function(x, y) factorize(x * y, x), plain = function(a, b) a * b),
  auto_factorize = list(lazy = function(x, y) auto_factorize(x * y), plain = function(a, b) a * b)
)

spherical_bessel_1 <- function(x) sin(x) / x^2 - cos(x) / x
gauss <- function(c, a, b) exp(-c * sum((a - b)^2))

# Those that are called by operation(): the operands and parameters, and the value.
further_references <- list(
  Add = list(list(quote(x), quote(y)), function(a, b) a + b),
  Subtract = list(list(quote(x), quote(y)), function(a, b) a - b),
  Mult = list(list(quote(x), quote(y)), function(a, b) a * b),
  Divide = list(list(quote(x), quote(y)), function(a, b) a / b),
  Minus = list(list(quote(x)), function(a, b) -a),
  LessThan = list(list(quote(x), quote(y)), function(a, b) as.numeric(a < b)),
  LessOrEqual = list(list(quote(x), quote(y)), function(a, b) as.numeric(a <= b)),
  Equal = list(list(quote(x), quote(x)), function(a, b) rep(1, 3)),
  NotEqual = list(list(quote(x), quote(y)), function(a, b) as.numeric(a != b)),
  Sum = list(list(quote(x)), function(a, b) sum(a)),
  SumT = list(list(quote(elem(x, 1)), 4), function(a, b) rep(a[1], 4)),
  ExtractT = list(list(quote(x), 1, 5), function(a, b) c(0, a, 0)),
  Tile = list(list(quote(x), 2), function(a, b) c(a, a)),
  SumTiles = list(list(quote(x), 3), function(a, b) sum(a)),
  Spread = list(list(quote(x), 2, 3), function(a, b) c(a, a)),
  SumAxis = list(list(quote(x), 3, 1), function(a, b) sum(a)),
  Permute = list(list(quote(tensorprod(x, y)), c(3, 3), c(1, 0)), function(a, b) outer(a, b)),
  Conj = list(list(quote(extract(x, 1, 2))), function(a, b) c(a[1], -a[2])),
  Pow = list(list(quote(x), 3), function(a, b) a^3),
  GaussKernel = list(list(0.7, quote(x), quote(y), quote(y)), function(a, b) gauss(0.7, a, b) * b),
  LaplaceKernel = list(list(0.7, quote(x), quote(y), quote(y)), function(a, b) exp(-0.7 * sqrt(sum((a - b)^2))) * b),
  CauchyKernel = list(list(0.7, quote(x), quote(y), quote(y)), function(a, b) b / (1 + 0.7 * sum((a - b)^2))),
  InverseMultiquadricKernel = list(
    list(0.7, quote(x), quote(y), quote(y)), function(a, b) b / sqrt(1 / 0.7 + sum((a - b)^2))
  ),
  SumGaussKernel = list(
    list(c(0.7, 0.2), c(1, 2), quote(x), quote(y), quote(y)),
    function(a, b) (gauss(0.7, a, b) + 2 * gauss(0.2, a, b)) * b
  ),
  DivFreeGaussKernel = list(list(0.7, quote(x), quote(y), quote(y)), function(a, b) {
    gauss(0.7, a, b) * ((2 / 1.4 - sum((a - b)^2)) * b + sum(b * (a - b)) * (a - b))
  }),
  CurlFreeGaussKernel = list(list(0.7, quote(x), quote(y), quote(y)), function(a, b) {
    gauss(0.7, a, b) * (b / 1.4 - sum(b * (a - b)) * (a - b))
  }),
  TRIGaussKernel = list(list(0.3, 0.7, quote(x), quote(y), quote(y)), function(a, b) {
    d <- a - b
    gauss(0.7, a, b) * (0.3 * ((2 / 1.4 - sum(d^2)) * b + sum(b * d) * d) + 0.7 * (b / 1.4 - sum(b * d) * d))
  }),
  DiffClampInt = list(list(quote(4 * x), 1, 3), function(a, b) as.numeric(4 * a >= 1 & 4 * a <= 3)),
  SphericalBessel = list(list(quote(x), 1), function(a, b) spherical_bessel_1(a)),
  SoftMin = list(list(quote(x), 0.5), function(a, b) log_add(a, 0.5)),
  Scalprod = list(list(quote(x), quote(y)), function(a, b) sum(a * b)),
  ElemT = list(list(quote(elem(x, 1)), 4, 2), function(a, b) c(0, 0, a[1], 0)),
  SqNormIso = list(list(0.7, quote(x)), function(a, b) 0.7 * sum(a^2)),
  SqNormDiag = list(list(weights, quote(x)), function(a, b) sum(weights * a^2)),
  SymSqNorm = list(list(square_matrix, quote(x)), function(a, b) sum(a * (rows_of(square_matrix) %*% a)))
)
