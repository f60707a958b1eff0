set.seed(2)
x <- matrix(rnorm(12), 4, 3)
y <- matrix(rnorm(21), 7, 3)
w <- runif(7, 0.5, 1)
values <- for_pairs(x, y, function(a, b) sum(a * b))[, , 1]
table <- pairfold:::.registry_reductions

test_that("every reduction of the table has a reference", {
  expect_setequal(names(reduction_references), names(table))
})

# The arguments of a reduction over j, or over i with the same points the other way round.
settings <- function(row, index) {
  weight <- if (index == "j") Vj(w) else Vi(w)
  list(K = if (row$k) 3, weight = if (row$weight == "needed") weight)
}

tensor <- function(index) if (index == "j") Vi(x) | Vj(y) else Vi(y) | Vj(x)

for (name in names(table)) {
  test_that(paste("values of", name), {
    skip_without_python()
    row <- table[[name]]
    expected <- t(apply(values, 1, reduction_references[[name]], w, 3))
    in_both_precisions(function(tolerance) {
      for (index in c("j", "i")) {
        given <- settings(row, index)
        found <- reduction(tensor(index), name, index, K = given$K, weight = given$weight)
        if (is.list(found)) found <- do.call(cbind, found)
        expect_values(found, expected, tolerance)
        expect_equal(nrow(found), 4)
        if (!nzchar(row$method)) next
        by_name <- get(paste0(row$method, "_reduction"))
        arguments <- c(list(tensor(index), index = index), given[!vapply(given, is.null, TRUE)])
        expect_values(unlist(do.call(by_name, arguments)), expected, tolerance)
      }
    })
  })
}

test_that("functions and generics of R reduce", {
  skip_without_python()
  K <- Vi(x) | Vj(y)
  expect_values(sum(K, index = "j"), rowSums(values), 1e-9)
  expect_values(sum(K, "i"), colSums(values), 1e-9)
  expect_values(min(K, "j"), apply(values, 1, min), 1e-9)
  expect_values(max(K, "j"), apply(values, 1, max), 1e-9)
  expect_values(prod(K, "j"), apply(values, 1, prod), 1e-9)
  expect_values(any(K > 1, "j"), as.numeric(apply(values > 1, 1, any)), 1e-9)
  expect_values(all(K > -1, "j"), as.numeric(apply(values > -1, 1, all)), 1e-9)
  expect_values(mean(K, "j"), rowMeans(values), 1e-9)
  expect_equal(names(min_argmin(K, "j")), c("values", "indices"))
  expect_values(Kmin_argKmin(K, 2, "j")$indices, t(apply(values, 1, smallest, 2)), 1e-9)
  expect_values(logsumexp(K, "j", Vj(w)), log(exp(values) %*% w), 1e-9)
  expect_values(sumsoftmaxweight(K, "j", Vj(y)), (exp(values) %*% y) / rowSums(exp(values)), 1e-9)
  expect_values(as.array(sum(Vi(x))), rowSums(x), 1e-9)
  expect_equal(argmin(K, "j"), matrix(as.numeric(apply(values, 1, which.min))))
})

test_that("results have one row per point that is kept", {
  skip_without_python()
  K <- Vi(x) * Vj(y)
  expect_equal(dim(sum(K, "j")), c(4, 3))
  expect_equal(dim(sum(K, "i")), c(7, 3))
  expect_equal(dim(Kmin(K, 2, "j")), c(4, 2, 3))
  expect_equal(dim(Kmin(sum(K), 2, "j")), c(4, 2))
  expect_equal(dim(sum(Vi(x[0, ]) | Vj(y), "j")), c(0, 1))
  expect_equal(dim(sum(Vi(x[1, , drop = FALSE]) | Vj(y), "j")), c(1, 1))
})

test_that("products with vectors and matrices, from both sides", {
  skip_without_python()
  in_both_precisions(function(tolerance) {
    K <- Vi(x) | Vj(y)
    b <- matrix(rnorm(14), 7)
    a <- matrix(rnorm(8), 2)
    expect_values(K %*% b, values %*% b, tolerance)
    expect_values(K %*% w, values %*% w, tolerance)
    expect_values(a %*% K, a %*% values, tolerance)
    expect_equal(dim(a %*% K), c(2, 7))
    expect_values(1:4 %*% K, 1:4 %*% values, tolerance)
    expect_values(t(K) %*% t(a), t(values) %*% t(a), tolerance)
    expect_values(K %*% Vj(y), values %*% y, tolerance)
    expect_values(diag(Vi(x) | Vj(x)), rowSums(x^2), tolerance)
    expect_values(as.matrix(K), values, tolerance)
  })
})

test_that("linear systems", {
  skip_without_python()
  K <- exp(-sqdist(Vi(x), Vj(x)))
  dense <- exp(-as.matrix(dist(x))^2)
  b <- rnorm(4)
  expect_values(solve(K, b, alpha = 0.5), solve(dense + 0.5 * diag(4), b), 1e-5)
  solver <- kernel_solve("Exp(-SqDist(x, y)) * a", c("x = Vi(3)", "y = Vj(3)", "a = Vj(1)"), "a")
  expect_values(solver(x, x, b, alpha = 0.5), solve(dense + 0.5 * diag(4), b), 1e-5)
  points <- matrix(seq(0, 1, length.out = 30))
  ill <- exp(-sqdist(Vi(points), Vj(points)))
  expect_warning(
    solve(ill, sin(9 * points), rtol = 1e-12, maxiter = 1, on_failure = "warn"), class = "ConvergenceWarning"
  )
  expect_refusal(solve(ill, sin(9 * points), rtol = 1e-12, maxiter = 1), "NotConvergedError", "1")
})
