set.seed(3)
x <- matrix(rnorm(12), 4, 3)
y <- matrix(rnorm(15), 5, 3)

test_that("what a tensor says of itself", {
  skip_without_python()
  K <- exp(-sqdist(Vi(x), Vj(y)))
  expect_equal(dim(K), c(4, 5, 1))
  expect_true(is.LazyTensor(K))
  expect_false(is.LazyTensor(x))
  expect_match(formula(K), "SqDist", fixed = TRUE)
  expect_output(print(K), "LazyTensor (4 x 5 x 1)", fixed = TRUE)
  expect_match(explain(K), "Sum", fixed = TRUE)
})

test_that("vectors, numbers and data frames are points or parameters", {
  skip_without_python()
  expect_equal(dim(Vi(1:4)), c(4, 1, 1))
  expect_equal(dim(Vj(data.frame(a = 1:4, b = 5:8))), c(1, 4, 2))
  expect_equal(dim(Pm(c(1, 2, 3))), c(1, 1, 3))
  expect_equal(dim(Pm(matrix(1:3))), c(1, 1, 3))
  expect_equal(dim(LazyTensor(x, index = "i")), c(4, 1, 3))
  expect_equal(dim(LazyTensor(x, "j")), c(1, 4, 3))
  expect_equal(dim(LazyTensor(2)), c(1, 1, 1))
  expect_true(is_complex(Vi(x, is_complex = TRUE)))
})

test_that("expressions with shared parts stay small", {
  skip_without_python()
  s <- Vi(x)
  alone <- length(serialize(s, NULL))
  time <- system.time(for (k in 1:40) s <- (s + s) / 2)
  expect_lt(length(unique(s@owner)), 82)
  expect_lt(length(serialize(s, NULL)), alone + 40000)
  expect_equal(length(s@arrays), 1)
  expect_values(sum(s, "j"), x, 1e-12)
})

test_that("a tensor is saved and read, and meets others", {
  skip_without_python()
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  points <- Vi(x)
  K <- sqdist(points, Vj(y))
  saveRDS(K, file)
  again <- readRDS(file)
  expect_equal(sum(again, "j"), sum(K, "j"))
  both <- again + sum(points)
  expect_equal(length(both@arrays), 2)
  expect_values(sum(both, "j"), rowSums(as.matrix(K)) + 5 * rowSums(x), 1e-9)
  other <- run_r(c(
    sprintf('K <- readRDS("%s")', file),
    'cat("sum:", format(sum(sum(K + sum(Vi(matrix(1, 4, 3))), "j")), digits = 12))'
  ))
  expect_match(utils::tail(other, 1), format(sum(as.matrix(K)) + 60, digits = 12), fixed = TRUE)
})

test_that("a saved tensor is as large as its data", {
  skip_without_python()
  big <- matrix(rnorm(30000), 10000)
  K <- exp(-sqdist(Vi(big), Vj(big[1:10, ])) / 2)
  expect_lt(length(serialize(K, NULL)), 1.05 * 8 * (length(big) + 30))
})

test_that("forked processes compute", {
  skip_without_python()
  skip_on_os("windows")
  K <- sqdist(Vi(x), Vj(y))
  here <- sum(K, "j")
  there <- parallel::mclapply(1:2, function(k) sum(k * K, "j"), mc.cores = 2)
  expect_equal(there, list(here, 2 * here))
})

test_that("what Python is asked is remembered", {
  skip_without_python()
  make <- function() exp(-sqdist(Vi(x), Vj(y)) / 2)
  make()
  before <- pairfold:::.remembered$last
  make()
  expect_equal(pairfold:::.remembered$last, before)
})
