# Python with pairfold is needed by nearly everything; PAIRFOLD_REQUIRE_BINDINGS=1 makes its absence a failure.
skip_without_python <- function() {
  if (pairfold_available()) return(invisible())
  if (identical(Sys.getenv("PAIRFOLD_REQUIRE_BINDINGS"), "1")) stop(pairfold_config()$problem)
  skip(pairfold_config()$problem)
}

precisions <- c(float64 = 1e-9, float32 = 2e-5)

# Runs `code` in both precisions, with the tolerance that belongs to each.
in_both_precisions <- function(code) {
  for (precision in names(precisions)) {
    with_options(list(precision = precision), code(precisions[[precision]]))
  }
}

with_options <- function(settings, code) {
  old <- pairfold_options()
  on.exit(for (name in names(settings)) do.call(pairfold_options, old[name]))
  do.call(pairfold_options, settings)
  force(code)
}

# Values only: names and the like of the reference do not count, shapes are compared on their own.
expect_values <- function(found, expected, tolerance) {
  expect_equal(as.vector(found), as.vector(expected), tolerance = tolerance)
}

# The class and a part of the message of an error.
expect_refusal <- function(code, class, text) {
  error <- tryCatch(code, error = identity)
  expect_s3_class(error, class)
  expect_s3_class(error, "pairfold_error")
  expect_match(conditionMessage(error), text, fixed = TRUE)
  expect_false(grepl("Traceback|\\.py", conditionMessage(error)))
}

# Another session of R, which runs `lines` with some variables of the environment changed; what it prints.
run_r <- function(lines, env = character()) {
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  libraries <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  writeLines(c("library(pairfold)", lines), script)
  suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    stdout = TRUE, stderr = TRUE, env = c(libraries, env)
  ))
}

# All pairs, one after the other.
for_pairs <- function(x, y, f) {
  values <- lapply(seq_len(nrow(y)), function(j) lapply(seq_len(nrow(x)), function(i) f(x[i, ], y[j, ])))
  size <- length(values[[1]][[1]])
  found <- array(unlist(values), c(size, nrow(x), nrow(y)))
  aperm(found, c(2, 3, 1))
}
