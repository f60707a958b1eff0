set.seed(5)
x <- matrix(rnorm(12), 4, 3)
y <- matrix(rnorm(15), 5, 3)
b <- matrix(rnorm(10), 5, 2)

# The derivative of sum(e * f(v)) with respect to every entry of v.
finite_differences <- function(f, v, e, step = 1e-5) {
  found <- v
  for (k in seq_along(v)) {
    up <- down <- v
    up[k] <- up[k] + step
    down[k] <- down[k] - step
    found[k] <- sum(e * (f(up) - f(down))) / (2 * step)
  }
  found
}

reductions <- list(
  Sum = function(K, index) sum(K, index = index), LogSumExp = logsumexp, Min = function(K, index) min(K, index = index),
  Max = function(K, index) max(K, index = index), Mean = mean, Var = var_reduction,
  Prod = function(K, index) prod(K, index = index)
)

test_that("gradients of reductions of expressions, by both variables, over both indices", {
  skip_without_python()
  kernel <- function(p, q) exp(-sqdist(Vi(p), Vj(q)) / 2)
  for (name in names(reductions)) {
    for (index in c("j", "i")) {
      e <- matrix(rnorm(if (index == "j") 4 else 5))
      x_i <- Vi(x)
      y_j <- Vj(y)
      K <- exp(-sqdist(x_i, y_j) / 2)
      by_x <- finite_differences(function(p) reductions[[name]](kernel(p, y), index), x, e)
      by_y <- finite_differences(function(q) reductions[[name]](kernel(x, q), index), y, e)
      expect_values(grad(K, e, name, x_i, index), by_x, 1e-6)
      expect_values(grad(K, e, name, y_j, index), by_y, 1e-6)
      expect_values(grad(K, e, name, 1, index), by_y, 1e-6)
      expect_equal(dim(grad(K, e, name, y_j, index)), dim(y))
    }
  }
})

test_that("gradients by parameters, and with cotangents that are tensors or numbers", {
  skip_without_python()
  g <- Pm(c(0.5, 1, 2))
  x_i <- Vi(x)
  K <- exp(-sum(g * (x_i - Vj(y))^2))
  f <- function(p) sum(exp(-sum(Pm(p) * (Vi(x) - Vj(y))^2)), index = "j")
  e <- matrix(rnorm(4))
  expect_values(grad(K, e, "Sum", g), finite_differences(f, c(0.5, 1, 2), e), 1e-6)
  expect_equal(grad(K, Vi(e), "Sum_Reduction", x_i, "j"), grad(K, e, "Sum", x_i))
  expect_equal(grad(K, 1, "Sum", x_i), grad(K, matrix(1, 4), "Sum", x_i))
})

test_that("gradients of formulas, of both numbers, to second order", {
  skip_without_python()
  args <- c("x = Vi(3)", "y = Vj(3)", "b = Vj(2)")
  op <- keops_kernel("Sum_Reduction(Exp(-SqNorm2(x - y)) * b, 1)", args, tag = "reduced")
  e <- matrix(rnorm(8), 4)
  by_x <- keops_grad(op, "x")
  expected <- finite_differences(function(p) op(list(p, y, b)), x, e)
  expect_values(by_x(list(x, y, b, e)), expected, 1e-6)
  expect_values(by_x(list(eta = e, b = b, y = y, x = x)), expected, 1e-6)
  expect_values(keops_grad(op, 1)(list(x, y, b, e)), finite_differences(function(q) op(list(x, q, b)), y, e), 1e-6)
  d <- matrix(rnorm(15), 5)
  twice <- keops_grad(keops_grad(op, "y"), "b")
  expect_values(
    twice(list(x, y, b, e, d)), finite_differences(function(c) keops_grad(op, "y")(list(x, y, c, e)), b, d), 1e-6
  )
  kept <- keops_kernel("Sum_Reduction(Exp(-SqNorm2(x - y)) * b, 0)", args, tag = "kept")
  expect_equal(keops_grad(kept, "x")(list(x, y, b, e)), by_x(list(x, y, b, e)))
})

test_that("derivatives of formulas that are formulas", {
  skip_without_python()
  x_i <- Vi(x)
  f <- sum(x_i^3)
  expect_values(as.array(symbolic_grad(f, x_i, 1)), 3 * x^2, 1e-9)
  expect_values(as.array(grad_matrix(x_i^2, x_i)), t(apply(x, 1, function(a) diag(2 * a))), 1e-9)
  expect_values(as.array(divergence(x_i^2, x_i)), rowSums(2 * x), 1e-9)
  expect_values(as.array(laplacian(f, x_i)), rowSums(6 * x), 1e-9)
  expect_values(as.array(diff(x_i^2, x_i, x_i)), 2 * x^2, 1e-9)
  expect_values(as.array(trace_operator(x_i * c(1, 2, 3), x_i)), rep(6, 4), 1e-9)
})

test_that("mistakes", {
  skip_without_python()
  x_i <- Vi(x)
  K <- sqdist(x_i, Vj(y))
  expect_refusal(grad(K, matrix(1, 4), "Sum", 7), "ArgumentValueError", "number of an argument, from 0 to 1; found 7")
  expect_refusal(grad(K, matrix(1, 4), "Sum", K), "ArgumentTypeError", "with respect to an argument")
  expect_refusal(grad(K, K, "Sum", x_i), "ArgumentTypeError", "gradin is a matrix shaped like the result")
  op <- keops_kernel("Sum_Reduction(x + y, 1)", c("x = Vi(3)", "y = Vj(3)"), tag = "reduced")
  expect_refusal(keops_grad(op, "z"), "UnknownNameError", "There is no argument 'z'")
  expect_refusal(keops_grad(mean, "z"), "ArgumentTypeError", "that keops_kernel() made")
})
