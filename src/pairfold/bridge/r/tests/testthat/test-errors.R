x <- matrix(1:6 / 6, 2, 3)
y <- matrix(1:10 / 10, 5, 2)

test_that("wrong shapes are found at the operator", {
  skip_without_python()
  expect_refusal(Vi(x) - Vj(y), "DimensionError", "Subtract of tensors of shape (2, 1, 3) and (1, 5, 2)")
  expect_refusal(sqdist(Vi(x), Vj(y)), "DimensionError", "SqDist")
  expect_refusal(Vi(x) * c(1, 2), "DimensionError", "(1, 1, 2)")
  expect_refusal(as.matrix(Vi(x)), "DimensionError", "Use as.array()")
})

test_that("a matrix beside a tensor", {
  skip_without_python()
  expect_refusal(Vi(x) + x, "ArgumentTypeError", "Wrap it in Vi() or Vj()")
  expect_refusal(x + Vi(x), "ArgumentTypeError", "Wrap it in Vi() or Vj()")
  expect_refusal(sqdist(Vi(x), x), "ArgumentTypeError", "Wrap it in Vi() or Vj()")
  expect_refusal(LazyTensor(x), "ArgumentTypeError", "Wrap it in Vi() or Vj()")
})

test_that("what is no array of numbers", {
  skip_without_python()
  expect_refusal(Vi("a"), "ArgumentTypeError", "Vi takes numbers")
  expect_refusal(Vi(factor("a")), "ArgumentTypeError", "Vi takes numbers")
  expect_refusal(Vj(array(1, c(2, 2, 2))), "DimensionError", "2 x 2 x 2")
  expect_refusal(Pm(x), "DimensionError", "Wrap points in Vi() or Vj()")
  expect_refusal(Vi(x) + "a", "ArgumentTypeError", 'and "a": the other operand is')
  expect_refusal(square(2), "ArgumentTypeError", "is for LazyTensors")
})

test_that("what is not defined", {
  skip_without_python()
  K <- Vi(x) | Vj(x)
  expect_refusal(gamma(K), "ArgumentTypeError", "gamma is not defined for LazyTensors")
  expect_refusal(range(K), "ArgumentTypeError", "Use min() and max()")
  expect_refusal(max(K, K), "ArgumentTypeError", "minimum() and maximum() compare two")
  expect_refusal(mean(K), "ArgumentValueError", 'index = "j" (one result for each i)')
  expect_refusal(sum(K, "k"), "ArgumentValueError", 'index is "k"; allowed are "i", "j"')
  expect_refusal(Kmin(K, 1.5, "j"), "ArgumentTypeError", "K is a whole number; found 1.5")
  expect_refusal(reduction(K, "Sun"), "PairfoldError", "Sun")
})

test_that("mistakes in formulas", {
  skip_without_python()
  expect_refusal(genred("Exp(x", "x = Vi(3)"), "FormulaError", "x")
  expect_refusal(genred("Exq(x - y)", c("x = Vi(3)", "y = Vj(3)")), "UnknownNameError", "Exq")
  f <- genred("SqDist(x, y)", c("x = Vi(3)", "y = Vj(3)"))
  expect_refusal(f(x), "ArgumentValueError", "takes 2 arguments (x, y); found 1")
  expect_refusal(f(x = x, z = x), "UnknownNameError", "The arguments are x, y")
  expect_refusal(f(x, y), "ArgumentValueError", "y")
  expect_equal(dim(f(x, x)), c(2, 1))
})

test_that("the next call works after an error", {
  skip_without_python()
  try(Vi(x) - Vj(y), silent = TRUE)
  expect_equal(dim(sum(Vi(x) | Vj(x), "j")), c(2, 1))
})

test_that("Python is named when it is missing, or lacks pairfold, or has another version", {
  code <- 'cat(conditionMessage(tryCatch(Vi(1), MissingPackageError = identity)))'
  found <- paste(run_r(code, "RETICULATE_PYTHON=/nonexistent/python"), collapse = " ")
  expect_match(found, "RETICULATE_PYTHON is /nonexistent/python, which R cannot use as Python", fixed = TRUE)
  skip_without_python()
  python <- pairfold_config()$executable
  hidden <- tempfile("hidden")
  dir.create(file.path(hidden, "pairfold"), recursive = TRUE)
  on.exit(unlink(hidden, recursive = TRUE))
  writeLines("raise ModuleNotFoundError(\"No module named 'pairfold'\")", file.path(hidden, "pairfold", "__init__.py"))
  settings <- paste0(c("RETICULATE_PYTHON=", "PYTHONPATH="), c(python, hidden))
  found <- paste(run_r(code, settings), collapse = " ")
  expect_match(found, paste0(python, " -m pip install pairfold"), fixed = TRUE)
  other <- c(
    'assignInNamespace(".registry_version", "0.0.1", "pairfold")',
    'cat(conditionMessage(tryCatch(Vi(1), BridgeError = identity)))'
  )
  found <- paste(run_r(other, paste0("RETICULATE_PYTHON=", python)), collapse = " ")
  expect_match(found, "The client is that of pairfold 0.0.1", fixed = TRUE)
})

test_that("loading the package starts no Python and prints nothing", {
  found <- run_r('cat(reticulate::py_available())')
  expect_equal(utils::tail(found, 1), "FALSE")
  expect_length(found, 1)
})

test_that("an interrupt ends a computation, and the next one works", {
  skip_without_python()
  skip_on_os("windows")
  script <- tempfile(fileext = ".R")
  log <- tempfile()
  on.exit(unlink(c(script, log)))
  writeLines(c(
    'library(pairfold)',
    'x <- matrix(runif(1200000), ncol = 3)',
    'K <- exp(-sqdist(Vi(x), Vj(x)))',
    'invisible(sum(K[1:10, 1:10], "j"))',
    'cat("ready\\n")',
    'start <- Sys.time()',
    'found <- tryCatch({ sum(K, "j"); "finished" }, interrupt = function(e) "interrupted", error = conditionMessage)',
    'cat(found, "\\n")',
    'cat("next:", dim(sum(K[1:10, 1:10], "j")), "\\n")'
  ), script)
  # R ignores SIGINT where a shell has put it into the background, so it is started with it restored.
  program <- sprintf('import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
child = subprocess.Popen(["%s", "--vanilla", "%s"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
assert child.stdout.readline().strip() == "ready"
time.sleep(1.0)
start = time.time()
child.send_signal(signal.SIGINT)
print(child.stdout.readline().strip())
print(child.stdout.readline().strip())
child.wait()
', file.path(R.home("bin"), "Rscript"), script)
  runner <- tempfile(fileext = ".py")
  writeLines(program, runner)
  python <- pairfold_config()$executable
  env <- c(
    paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep)), paste0("RETICULATE_PYTHON=", python)
  )
  found <- system2(python, runner, stdout = TRUE, stderr = TRUE, env = env)
  expect_equal(found, c("interrupted", "next: 10 1"))
})
