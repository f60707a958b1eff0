# Programs as users of rkeops have them: only the line library(rkeops) is another one.
set.seed(6)
nx <- 8
ny <- 11
X <- matrix(runif(nx * 3), nx)
Y <- matrix(runif(ny * 3), ny)
beta <- matrix(runif(ny * 3), ny)
lambda <- 0.25
gaussian <- exp(-lambda * for_pairs(X, Y, function(a, b) sum((a - b)^2))[, , 1])

test_that("a program for rkeops 2: a convolution, named input, columns, its gradient", {
  skip_without_python()
  rkeops_use_float64()
  rkeops_use_cpu()
  formula <- "Sum_Reduction(Exp(-lambda*SqNorm2(x-y))*beta, 1)"
  args <- c("x=Vi(3)", "y=Vj(3)", "beta=Vj(3)", "lambda=Pm(1)")
  op <- suppressMessages(keops_kernel(formula, args))
  expect_values(op(list(X, Y, beta, lambda)), gaussian %*% beta, 1e-9)
  expect_values(op(list(beta = beta, lambda = lambda, x = X, y = Y)), gaussian %*% beta, 1e-9)
  in_rows <- op(list(t(X), t(Y), t(beta), lambda), inner_dim = "row")
  expect_equal(dim(in_rows), c(nx, 3))
  expect_values(in_rows, gaussian %*% beta, 1e-9)
  expect_equal(op()$formula, formula)
  expect_equal(op()$args, args)
  expect_equal(op()$args_info$var_name, c("x", "y", "beta", "lambda"))
  grad_op <- keops_grad(op, var = "x")
  eta <- matrix(1, nx, 3)
  weights <- gaussian * rep(rowSums(beta), each = nx)
  expected <- -2 * lambda * (X * rowSums(weights) - weights %*% Y)
  expect_values(grad_op(list(X, Y, beta, lambda, eta)), expected, 1e-9)
  pairfold_options(backend = NULL)
})

test_that("a program for rkeops 2: the number is the index that is reduced", {
  skip_without_python()
  op <- keops_kernel("Max_Reduction(SqDist(x,y), 0)", c("x=Vi(3)", "y=Vj(3)"), tag = "reduced")
  expect_equal(nrow(op(list(X, Y))), ny)
})

test_that("a program for rkeops 2: tensors", {
  skip_without_python()
  x_i <- LazyTensor(X, index = "i")
  y_j <- LazyTensor(Y, index = "j")
  b_j <- Vj(beta)
  s <- Pm(lambda)
  K_ij <- exp(-s * sqnorm2(x_i - y_j))
  expect_values(sum(K_ij * b_j, index = "j"), gaussian %*% beta, 1e-9)
  expect_values(K_ij %*% b_j, gaussian %*% beta, 1e-9)
  expect_values(sum_reduction(K_ij, "i"), colSums(gaussian), 1e-9)
  expect_values(as.array((x_i - y_j) | (x_i - y_j)), as.array(sqdist(x_i, y_j)), 1e-9)
  expect_values(min_argmin_reduction(K_ij, "j")$values, apply(gaussian, 1, min), 1e-9)
  eta_i <- Vi(matrix(1, nx, 1))
  expected <- 2 * (ny * X - rep(colSums(Y), each = nx))
  expect_values(grad(sqnorm2(x_i - y_j), eta_i, "Sum", var = 0, "j"), expected, 1e-9)
  expect_values(grad(sqnorm2(x_i - y_j), eta_i, "Sum", var = x_i, "j"), expected, 1e-9)
})

test_that("a program for rkeops 1: positions, kept indices, points in columns", {
  skip_without_python()
  set_rkeops_options()
  set_rkeops_option("precision", "double")
  compile4float64()
  use_cpu()
  args <- c("x=Vi(0,3)", "y=Vj(1,3)", "beta=Vj(2,3)", "lambda=Pm(3,1)")
  op <- keops_kernel("Sum_Reduction(Exp(-lambda*SqNorm2(x-y))*beta, 0)", args, tag = "kept")
  expect_values(op(list(X, Y, beta, lambda), inner_dim = 1), gaussian %*% beta, 1e-9)
  in_columns <- op(list(t(X), t(Y), t(beta), lambda), inner_dim = 0)
  expect_equal(dim(in_columns), c(3, nx))
  expect_values(in_columns, t(gaussian %*% beta), 1e-9)
  eta <- matrix(1, nx, 3)
  by_beta <- keops_grad(op, var = "beta")
  expect_values(by_beta(list(X, Y, beta, lambda, eta), inner_dim = 1), t(gaussian) %*% eta, 1e-9)
  expect_values(by_beta(list(t(X), t(Y), t(beta), lambda, t(eta)), inner_dim = 0), t(t(gaussian) %*% eta), 1e-9)
  clean_rkeops()
  pairfold_options(backend = NULL)
})

test_that("indices of operators count from 0", {
  skip_without_python()
  squared <- for_pairs(X, Y, function(a, b) sum((a - b)^2))[, , 1]
  op <- keops_kernel("ArgMin_Reduction(SqDist(x,y), 0)", c("x=Vi(3)", "y=Vj(3)"), tag = "kept")
  expect_values(op(list(X, Y)), apply(squared, 1, which.min) - 1, 1e-12)
  op <- keops_kernel("ArgKMin_Reduction(SqDist(x,y), 3, 0)", c("x=Vi(3)", "y=Vj(3)"), tag = "kept")
  expect_values(op(list(X, Y)), t(apply(squared, 1, smallest, 3)) - 1, 1e-12)
})

test_that("a program that does not say what its numbers are is told once", {
  skip_without_python()
  state <- pairfold:::.state
  state$told_of_numbers <- NULL
  args <- c("x=Vi(3)", "y=Vj(3)")
  expect_message(keops_kernel("Sum_Reduction(x*y, 1)", args), 'tag = "kept"', fixed = TRUE)
  expect_silent(keops_kernel("Sum_Reduction(x*y, 0)", args))
})

test_that("options of rkeops", {
  old <- pairfold_options()
  on.exit(do.call(pairfold_options, old))
  rkeops_use_float32()
  expect_equal(get_rkeops_options("precision"), "float32")
  set_rkeops_options(list(precision = "float64", backend = "CPU", verbosity = 0))
  expect_equal(get_rkeops_options(c("precision", "backend")), list(precision = "float64", backend = "CPU"))
  rkeops_use_gpu(device = 1)
  expect_equal(get_rkeops_options()$backend, "GPU")
  expect_equal(get_rkeops_options("device_id"), 1L)
  rkeops_use_cpu(ncore = 2)
  expect_equal(pairfold_options()$threads, 2)
  without_effect <- list(
    rkeops_enable_verbosity, rkeops_disable_verbosity, compile4cpu, compile4gpu, stat_rkeops_cache_dir, get_rkeops_cache_dir
  )
  for (f in without_effect) expect_silent(f())
})
