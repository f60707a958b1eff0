# R's own operators and group generics on LazyTensors.

.python_operators <- c(
  "+" = "+", "-" = "-", "*" = "*", "/" = "/", "^" = "**", "%%" = "%", "%/%" = "//", "|" = "|",
  "&" = "logical_and",
  "<" = "<", "<=" = "<=", ">" = ">", ">=" = ">=", "==" = "==", "!=" = "!="
)

.binary <- function(operator, e1, e2) {
  name <- .python_operators[operator]
  # A whole exponent is part of the compiled program: x^2 is a product.
  .step(name, .operand(e1, operator), .operand(e2, operator, whole = operator == "^"))
}

.no_method <- function(name, advice = "") {
  .refuse("ArgumentTypeError", name, " is not defined for LazyTensors.", advice)
}

setMethod("Ops", signature("LazyTensor", "LazyTensor"), function(e1, e2) .binary(.Generic, e1, e2))
setMethod("Ops", signature("LazyTensor", "ANY"), function(e1, e2) .binary(.Generic, e1, e2))
setMethod("Ops", signature("ANY", "LazyTensor"), function(e1, e2) .binary(.Generic, e1, e2))
setMethod("Ops", signature("LazyTensor", "missing"), function(e1, e2) {
  switch(.Generic, "-" = .step("-", e1), "+" = e1, .no_method(.Generic))
})

setMethod("!", "LazyTensor", function(x) .step("logical_not", x))

.math <- c(
  abs = "abs", sign = "sign", sqrt = "sqrt", ceiling = "ceil", floor = "floor", trunc = "trunc", exp = "exp",
  expm1 = "expm1", log10 = "log10", log2 = "log2", log1p = "log1p", cos = "cos", cosh = "cosh", sin = "sin",
  sinh = "sinh", tan = "tan", tanh = "tanh", acos = "acos", acosh = "acosh", asin = "asin", asinh = "asinh",
  atan = "atan", atanh = "atanh"
)
.half_turns <- c(cospi = "cos", sinpi = "sin", tanpi = "tan")

setMethod("Math", "LazyTensor", function(x) {
  if (.Generic %in% names(.math)) return(.step(.math[[.Generic]], x))
  if (.Generic %in% names(.half_turns)) return(.step(.half_turns[[.Generic]], x * pi))
  .no_method(.Generic)
})

setMethod("log", "LazyTensor", function(x, base = exp(1)) {
  if (missing(base)) .step("log", x) else .step("log", x) / log(base)
})

setMethod("round", "LazyTensor", function(x, digits = 0) .step("round", x, .value(.whole(digits, "digits"))))

setGeneric("atan2")
setMethod("atan2", signature("LazyTensor", "ANY"), function(y, x) .operation("atan2", list(y, x)))
setMethod("atan2", signature("ANY", "LazyTensor"), function(y, x) .operation("atan2", list(y, x)))

setGeneric("ifelse")
setMethod("ifelse", "LazyTensor", function(test, yes, no) .operation("ifelse", list(test, yes, no)))

# The arguments are those of the function of the package stats, which chooses models.
setGeneric("step")
setMethod("step", "LazyTensor", function(object, scope, scale = 0, direction = c("both", "backward", "forward"),
                                         trace = 1, keep = NULL, steps = 1000, k = 2, ...) .step("step", object))

# ---------------------------------------------------------------- complex numbers

setMethod("Complex", "LazyTensor", function(z) {
  if (!is_complex(z)) {
    return(switch(.Generic, Re = , Conj = z, Im = z * 0, Mod = abs(z), Arg = Arg(real2complex(z))))
  }
  .step(switch(.Generic, Re = "real", Im = "imag", Mod = "abs", Arg = "angle", Conj = "conj"), z)
})

# ---------------------------------------------------------------- products with vectors

setMethod("%*%", signature("LazyTensor", "ANY"), function(x, y) {
  .evaluate(x, "matvec", .leaf("v", .points(y, "%*%")), options = list())[[1L]]
})

setMethod("%*%", signature("ANY", "LazyTensor"), function(x, y) {
  # A vector on the left is a row, as in base R.
  rows <- if (is.null(dim(x))) .points(x, "%*%") else t(.points(x, "%*%"))
  t(.evaluate(y, "rmatvec", .leaf("v", rows))[[1L]])
})

# As in KeOps: the sum over j of the product, entry by entry.
setMethod("%*%", signature("LazyTensor", "LazyTensor"), function(x, y) sum(x * y, index = "j"))

# ---------------------------------------------------------------- selection

setMethod("[", "LazyTensor", function(x, i, j, ..., drop = FALSE) {
  count <- nargs() - 1L - !missing(drop)
  if (count != 2L && count != 3L) {
    .refuse("ArgumentIndexError", "A LazyTensor has three indices, K[i, j, k]; K[i, j] stands for K[i, j, ].")
  }
  sizes <- dim(x)
  rows <- if (missing(i)) ":" else .selected(i, sizes[1L])
  columns <- if (missing(j)) ":" else .selected(j, sizes[2L])
  components <- if (count == 2L || missing(..1)) ":" else .selected(..1, sizes[3L])
  .step("[", x, rows, columns, components)
})

# The entries that an index of R selects, counted from 0, as a slice where they are one.
.selected <- function(index, size) {
  if (is.character(index) || is.LazyTensor(index)) {
    .refuse(
      "ArgumentTypeError", "An index of a LazyTensor is a vector of numbers or of truth values; found ",
      .shown(index), "."
    )
  }
  if (is.logical(index) && length(index) > size) {
    .refuse("ArgumentIndexError", "There are ", length(index), " truth values for an axis of length ", size, ".")
  }
  chosen <- seq_len(size)[index]
  if (anyNA(chosen)) .refuse("ArgumentIndexError", "An index is beyond the axis, which has length ", size, ".")
  if (length(chosen) > 0L && all(diff(chosen) == 1L)) {
    return(sprintf("%.0f:%.0f", chosen[1L] - 1, chosen[length(chosen)]))
  }
  paste0("[", paste(sprintf("%.0f", chosen - 1), collapse = ","), "]")
}
