# Settings of rkeops. Those that mean something here set options of this package; the others do nothing.

.rkeops_fixed <- list(verbosity = 1L, debug = 0L, cache_dir = "", formula_only = 0L)

get_rkeops_options <- function(option = NULL) {
  backend <- .option("backend")
  device <- .option("device_id")
  found <- c(list(
    backend = if (is.null(backend)) "CPU" else backend,
    device_id = if (is.null(device)) -1L else as.integer(device),
    precision = .option("precision")
  ), .rkeops_fixed)
  if (is.null(option) || any(option %in% c("compile", "runtime"))) return(found)
  found <- found[option]
  if (length(found) == 1L) found[[1L]] else found
}

set_rkeops_options <- function(input = NULL) {
  for (name in names(input)) set_rkeops_option(name, input[[name]])
  invisible(get_rkeops_options())
}

# The names of rkeops 1 and 2; 0 and 1 for texts are those of rkeops 1.
set_rkeops_option <- function(option, value) {
  switch(option,
    precision = pairfold_options(precision = if (value %in% c("float", "float32")) "float32" else "float64"),
    backend = pairfold_options(backend = if (value %in% c("GPU", "1")) "GPU" else "CPU"),
    tagCpuGpu = pairfold_options(backend = if (value == 0) "CPU" else "GPU"),
    device_id = if (value >= 0) pairfold_options(device_id = value)
  )
  invisible()
}

compile_options <- function(precision = "float32", ...) list(precision = precision, ...)

runtime_options <- function(backend = "CPU", device_id = -1, ...) list(backend = backend, device_id = device_id, ...)

rkeops_use_float32 <- function() set_rkeops_option("precision", "float32")

rkeops_use_float64 <- function() set_rkeops_option("precision", "float64")

compile4float32 <- rkeops_use_float32

compile4float64 <- rkeops_use_float64

rkeops_use_cpu <- function(ncore = NULL) {
  pairfold_options(backend = "CPU")
  if (!is.null(ncore) && ncore > 0) pairfold_options(threads = ncore)
  invisible()
}

rkeops_use_gpu <- function(device = -1) {
  pairfold_options(backend = "GPU")
  set_rkeops_option("device_id", device)
}

use_cpu <- rkeops_use_cpu

use_gpu <- function(device = 0) rkeops_use_gpu(device)

compile4cpu <- function() invisible()

compile4gpu <- function() invisible()

rkeops_enable_verbosity <- function() invisible()

rkeops_disable_verbosity <- function() invisible()

# There is no folder of compiled formulas: programs are kept in memory.
get_rkeops_cache_dir <- function() ""

set_rkeops_cache_dir <- function(cache_dir = NULL, verbose = TRUE) invisible()

stat_rkeops_cache_dir <- function(verbose = TRUE) invisible(0)

clean_rkeops <- function(all = TRUE, remove_cache_dir = FALSE) invisible()

install_rkeops <- function(...) invisible(check_rkeops())

check_rkeops <- function(...) {
  .bridge()
  TRUE
}
