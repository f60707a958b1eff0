# Options live in R's own: options(pairfold.precision = "float32") does what pairfold_options() does.

.option_names <- c(
  "precision", "threads", "backend", "device_id", "progress", "sum_scheme", "dtype_acc", "index_base"
)
.option_defaults <- list(precision = "float64", progress = FALSE, index_base = 1)

# Names that a computation sends; the others are matters of the client.
.sent_options <- c("threads", "backend", "device_id", "sum_scheme", "dtype_acc")

.option_checks <- list(
  precision = function(x) .choice(x, c("float64", "float32"), "precision"),
  threads = function(x) .whole(x, "threads"),
  backend = function(x) .words(x, "backend"),
  device_id = function(x) .whole(x, "device_id"),
  progress = function(x) isTRUE(as.logical(x)),
  sum_scheme = function(x) .words(x, "sum_scheme"),
  dtype_acc = function(x) .words(x, "dtype_acc"),
  index_base = function(x) {
    if (identical(as.numeric(x), 0) || identical(as.numeric(x), 1)) return(as.numeric(x))
    .refuse("ArgumentValueError", "index_base is 0 or 1; found ", .shown(x), ".")
  }
)

.option <- function(name) {
  getOption(paste0("pairfold.", name), .option_defaults[[name]])
}

pairfold_options <- function(...) {
  given <- list(...)
  if (length(given) == 1L && is.null(names(given)) && is.list(given[[1L]])) given <- given[[1L]]
  for (name in names(given)) .set_option(name, given[[name]])
  if (length(given) > 0L && is.null(names(given))) {
    .refuse("ArgumentTypeError", 'Options are given by name, as pairfold_options(precision = "float32").')
  }
  found <- stats::setNames(lapply(.option_names, .option), .option_names)
  if (length(given) > 0L) invisible(found) else found
}

.set_option <- function(name, value) {
  .choice(name, .option_names, "The name of an option")
  if (!is.null(value)) value <- .option_checks[[name]](value)
  options(stats::setNames(list(value), paste0("pairfold.", name)))
}

# The lines of a request that say how to compute. NULL leaves a choice to Python.
.option_lines <- function(extra = list()) {
  values <- extra
  for (name in .sent_options) {
    # What a call says wins over what is set for the session.
    if (is.null(values[[name]])) values[[name]] <- .option(name)
  }
  values <- values[!vapply(values, is.null, TRUE)]
  if (isTRUE(.option("progress"))) values$progress <- TRUE
  if (length(values) == 0L) return("")
  paste0("\noption\t", names(values), "\t", vapply(values, .value, ""), collapse = "")
}
