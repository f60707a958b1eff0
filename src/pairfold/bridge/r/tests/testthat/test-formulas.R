set.seed(4)
x <- matrix(rnorm(12), 4, 3)
y <- matrix(rnorm(15), 5, 3)
b <- matrix(rnorm(10), 5, 2)
squared <- for_pairs(x, y, function(a, c) sum((a - c)^2))[, , 1]
declared <- c("x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)")

test_that("a formula, by position, by name and in both precisions", {
  skip_without_python()
  f <- genred("Exp(-g * SqDist(x, y)) * b", declared)
  in_both_precisions(function(tolerance) {
    expected <- exp(-0.5 * squared) %*% b
    expect_values(f(x, y, b, 0.5), expected, tolerance)
    expect_values(f(g = 0.5, b = b, y = y, x = x), expected, tolerance)
    expect_values(f(x, y, g = 0.5, b), expected, tolerance)
    expect_equal(dim(f(x, y, b, 0.5)), c(4, 2))
  })
})

test_that("every reduction of the table, over i and over j", {
  skip_without_python()
  table <- pairfold:::.registry_reductions
  w <- runif(5, 0.5, 1)
  for (name in names(table)) {
    row <- table[[name]]
    weighted <- row$weight == "needed"
    aliases <- c("x = Vi(3)", "y = Vj(3)", if (weighted) "w = Vj(1)")
    f <- genred("SqDist(x, y)", aliases, name, K = if (row$k) 2, weight = if (weighted) "w")
    found <- if (weighted) f(x, y, w) else f(x, y)
    if (is.list(found)) found <- do.call(cbind, found)
    expect_values(found, t(apply(squared, 1, reduction_references[[name]], w, 2)), 1e-9)
    if (weighted) next
    over_i <- genred("SqDist(x, y)", aliases, name, "i", K = if (row$k) 2)(x, y)
    if (is.list(over_i)) over_i <- do.call(cbind, over_i)
    expect_values(over_i, t(apply(squared, 2, reduction_references[[name]], w, 2)), 1e-9)
  }
})

test_that("a routine says what it is", {
  skip_without_python()
  expect_output(print(genred("SqDist(x, y)", declared[1:2], "Min")), "x: Vi, dimension 3", fixed = TRUE)
})

test_that("schemes of sums", {
  skip_without_python()
  for (scheme in c("auto", "direct_sum", "block_sum", "kahan_scheme")) {
    f <- genred("SqDist(x, y)", declared[1:2], sum_scheme = scheme)
    expect_values(f(x, y), rowSums(squared), 1e-9)
  }
})
