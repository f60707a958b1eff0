# What users give: points, vectors, numbers.

.bare_matrix <- function(x, what) {
  .refuse(
    "ArgumentTypeError", what, " of ", .shown(x), " and a LazyTensor: a matrix does not say whether its rows are the ",
    "points i or j. Wrap it in Vi() or Vj(), or in Pm() for a vector of parameters."
  )
}

.plain_numbers <- function(x, what, is_complex = FALSE) {
  if (is.data.frame(x)) x <- as.matrix(x)
  if (is.LazyTensor(x) || !(is.numeric(x) || is.logical(x) || is.complex(x)) || is.factor(x)) {
    .refuse(
      "ArgumentTypeError", what, " takes numbers: a vector or a matrix with one row per point; found ", .shown(x), "."
    )
  }
  if (is_complex && !is.complex(x)) x[] <- as.complex(x)
  x
}

# A matrix with one row per point; a vector is a matrix with one column.
.points <- function(x, what, is_complex = FALSE) {
  x <- .plain_numbers(x, what, is_complex)
  sizes <- dim(x)
  if (is.null(sizes)) return(matrix(x, ncol = 1L))
  if (length(sizes) == 1L) return(matrix(as.vector(x), ncol = 1L))
  if (length(sizes) != 2L) {
    .refuse("DimensionError", what, " takes a vector or a matrix with one row per point; found ", .shown(x), ".")
  }
  x
}

# A vector, from whatever has at most one axis that is not 1.
.vector <- function(x, what, is_complex = FALSE) {
  x <- .plain_numbers(x, what, is_complex)
  if (!is.null(dim(x)) && length(x) != max(dim(x))) {
    .refuse(
      "DimensionError", what, " takes a number or a vector of parameters; found ", .shown(x),
      ". Wrap points in Vi() or Vj()."
    )
  }
  as.vector(x)
}

.tensor_needed <- function(x, what) {
  if (is.LazyTensor(x)) return(x)
  .refuse("ArgumentTypeError", what, "() is for LazyTensors, made by Vi(), Vj(), Pm(); found ", .shown(x), ".")
}

# An operand: a tensor, the text of a number, or a vector as a parameter.
.operand <- function(x, what, whole = FALSE) {
  if (is.LazyTensor(x)) return(x)
  if (!(is.numeric(x) || is.complex(x) || is.logical(x)) || is.factor(x)) {
    .refuse(
      "ArgumentTypeError", what, " of a LazyTensor and ", .shown(x),
      ": the other operand is a LazyTensor, a number or a vector."
    )
  }
  if (!is.null(dim(x))) .bare_matrix(x, what)
  if (length(x) != 1L) return(Pm(x))
  .number(x, whole = is.integer(x) || is.logical(x) || (whole && !is.complex(x) && is.finite(x) && x == round(x)))
}

# The axis of Python that an index names.
.axis_argument <- function(index, what = "The reduction") {
  if (is.null(index) || (length(index) == 1L && is.na(index))) {
    .refuse("ArgumentValueError", what, ' needs index = "j" (one result for each i) or index = "i" (one for each j).')
  }
  if (.choice(index, c("i", "j"), "index") == "j") "1" else "0"
}

# Positions as Python counts them, from 0.
.positions <- function(k, name) {
  base <- .option("index_base")
  if (any(vapply(k, .whole, 0, name) < base)) {
    .refuse(
      "ArgumentValueError", name, " counts from ", base, "; found ", min(k), ".",
      if (base == 1) " Programs that count from 0, as those for rkeops, say pairfold_options(index_base = 0)."
    )
  }
  k - base
}
