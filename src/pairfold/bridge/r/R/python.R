# The link to Python, made at the first use.

.state <- new.env(parent = emptyenv())
.state$bridge <- NULL

# The function `call` of pairfold.bridge.
.bridge <- function() {
  if (is.null(.state$bridge)) .state$bridge <- .connect()
  .state$bridge
}

.connect <- function() {
  executable <- .python_executable()
  module <- tryCatch(
    reticulate::import("pairfold.bridge", convert = TRUE),
    error = function(reason) .no_package(executable, conditionMessage(reason))
  )
  .check_version(module$call)
  module$call
}

.python_executable <- function() {
  if (!py_available()) {
    # What reticulate would ask in a session with a person, whether to install a Python, is not for a call in between.
    old <- Sys.getenv("RETICULATE_MINICONDA_ENABLED", NA)
    if (is.na(old)) {
      Sys.setenv(RETICULATE_MINICONDA_ENABLED = "FALSE")
      on.exit(Sys.unsetenv("RETICULATE_MINICONDA_ENABLED"))
    }
    .prefer_environment()
    failed <- tryCatch(
      if (suppressWarnings(py_available(initialize = TRUE))) NULL else "",
      error = conditionMessage
    )
    if (!is.null(failed)) .no_python(failed)
  }
  py_config()$python
}

# An active virtual environment counts, unless RETICULATE_PYTHON names another Python.
.prefer_environment <- function() {
  active <- Sys.getenv("VIRTUAL_ENV")
  if (nzchar(active) && !nzchar(Sys.getenv("RETICULATE_PYTHON"))) {
    python <- file.path(active, if (.Platform$OS.type == "windows") "Scripts/python.exe" else "bin/python")
    if (file.exists(python)) use_python(python, required = FALSE)
  }
}

.no_python <- function(reason) {
  asked <- Sys.getenv("RETICULATE_PYTHON")
  .refuse(
    "MissingPackageError",
    if (nzchar(asked)) paste0("RETICULATE_PYTHON is ", asked, ", which R cannot use as Python. ")
    else "R finds no Python. ",
    "Install Python 3.10 or newer, run `python -m pip install pairfold` with it, and name it in a new session of R, ",
    'before the first use: Sys.setenv(RETICULATE_PYTHON = "<path of python>").'
  )
}

.no_package <- function(executable, reason) {
  missing <- grepl("No module named '?pairfold", reason)
  .refuse(
    "MissingPackageError",
    if (missing) paste0("The Python that R uses, ", executable, ", has no package pairfold. ")
    else paste0("The Python that R uses, ", executable, ", cannot load pairfold: ", .first_line(reason), " "),
    "Install it with `", executable, " -m pip install pairfold`, or choose another Python in a new session of R: ",
    'Sys.setenv(RETICULATE_PYTHON = "<path of python>").'
  )
}

.first_line <- function(text) strsplit(text, "\n", fixed = TRUE)[[1L]][1L]

.check_version <- function(call) {
  answer <- call(.head("hello"), raw(0L))
  facts <- .lines(answer[[1L]])
  .raise_errors(facts)
  .state$facts <- stats::setNames(
    lapply(facts[-1L], function(fact) fact[2L]), vapply(facts[-1L], function(fact) fact[1L], "")
  )
}

pairfold_available <- function() {
  !inherits(tryCatch(.bridge(), pairfold_error = identity), "pairfold_error")
}

pairfold_config <- function() {
  failed <- tryCatch({ .bridge(); NULL }, pairfold_error = conditionMessage)
  facts <- if (is.null(failed)) .state$facts else list()
  structure(
    c(list(package = .registry_version), facts, if (!is.null(failed)) list(problem = failed)),
    class = "simple.list"
  )
}
