# Conditions: their classes are those of Python, then pairfold_error and error.

.parents <- list(
  ArgumentTypeError = "TypeError",
  ArgumentValueError = "ValueError",
  BridgeError = "ValueError",
  DimensionError = "ValueError",
  MissingPackageError = c("ModuleNotFoundError", "ImportError")
)

.condition <- function(classes, message, kind = "error") {
  structure(
    class = c(setdiff(classes, c("Exception", "Warning")), paste0("pairfold_", kind), kind, "condition"),
    list(message = message, call = NULL)
  )
}

# An error that the package itself finds, of a class that Python has too.
.refuse <- function(class, ...) {
  stop(.condition(c(class, "PairfoldError", .parents[[class]]), paste0(...)))
}

# What a message says of a value that was given.
.shown <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.character(x) && length(x) == 1L) return(dQuote(x, FALSE))
  if (is.numeric(x) && length(x) == 1L && is.null(dim(x))) return(format(x))
  size <- if (is.null(dim(x))) paste("length", length(x)) else paste(dim(x), collapse = " x ")
  paste0("a ", class(x)[1L], " (", size, ")")
}

.choice <- function(value, allowed, name) {
  if (!is.character(value) || length(value) != 1L || !(value %in% allowed)) {
    .refuse(
      "ArgumentValueError", name, " is ", .shown(value), "; allowed are ",
      paste(dQuote(allowed, FALSE), collapse = ", "), "."
    )
  }
  value
}

.words <- function(value, name) {
  if (!is.character(value) || length(value) != 1L) {
    .refuse("ArgumentTypeError", name, " is text; found ", .shown(value), ".")
  }
  value
}

.whole <- function(value, name) {
  if (!is.numeric(value) || length(value) != 1L || is.na(value) || value != round(value)) {
    .refuse("ArgumentTypeError", name, " is a whole number; found ", .shown(value), ".")
  }
  value
}
