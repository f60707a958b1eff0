x <- matrix(1:6 / 7, 2, 3)

test_that("options are set by name, and all are returned", {
  old <- pairfold_options()
  expect_equal(old$precision, "float64")
  expect_setequal(names(old), c(
    "precision", "threads", "backend", "device_id", "progress", "sum_scheme", "dtype_acc", "index_base"
  ))
  expect_equal(pairfold_options(threads = 2)$threads, 2)
  expect_equal(getOption("pairfold.threads"), 2)
  pairfold_options(threads = NULL)
  expect_null(pairfold_options()$threads)
})

test_that("wrong options", {
  expect_refusal(
    pairfold_options(precision = "half"), "ArgumentValueError", 'precision is "half"; allowed are "float64", "float32"'
  )
  expect_refusal(pairfold_options(speed = 1), "ArgumentValueError", "The name of an option")
  expect_refusal(pairfold_options("float32"), "ArgumentTypeError", "Options are given by name")
  expect_refusal(pairfold_options(threads = "many"), "ArgumentTypeError", "threads is a whole number")
})

test_that("options reach Python", {
  skip_without_python()
  K <- Vi(x) | Vj(x)
  exact <- x %*% t(x)
  single <- with_options(list(precision = "float32"), sum(K, "j"))
  expect_gt(max(abs(single - rowSums(exact))), 0)
  expect_values(single, rowSums(exact), 1e-6)
  allowed <- list(threads = 1, sum_scheme = "kahan_scheme", dtype_acc = "float64", backend = "CPU")
  for (settings in lapply(names(allowed), function(name) allowed[name])) {
    expect_values(with_options(settings, sum(K, "j")), rowSums(exact), 1e-12)
  }
  with_options(list(sum_scheme = "nonsense"), expect_refusal(sum(K, "j"), "PairfoldError", "nonsense"))
  expect_values(with_options(list(sum_scheme = "kahan_scheme"), min(K, "j")), apply(exact, 1, min), 1e-12)
})

test_that("progress is shown on request", {
  skip_without_python()
  big <- matrix(runif(60000), ncol = 3)
  K <- Vi(big) | Vj(big)
  found <- with_options(list(progress = TRUE), sum(K, "j"))
  expect_values(found, big %*% colSums(big), 1e-9)
})

test_that("the configuration names the Python that is used", {
  skip_without_python()
  facts <- pairfold_config()
  expect_equal(facts$pairfold, facts$package)
  expect_true(file.exists(facts$executable))
})
