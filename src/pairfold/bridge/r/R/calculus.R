# Derivatives.

# The gradient of a reduction of f, applied to a cotangent.
grad <- function(f, gradin, opstr = "Sum", var, index = "j", K = NULL, weight = NULL) {
  .tensor_needed(f, "grad")
  variable <- .variable_of(f, var)
  arguments <- list(
    .value(sub("_Reduction$", "", opstr)), .axis_argument(index, "grad()"), variable,
    .leaf("v", .cotangent(gradin, f, index)), paste0("K=", .value(K))
  )
  if (!is.null(weight)) arguments <- c(arguments, list(weight = .operand(weight, "grad()")))
  do.call(.evaluate, c(list(f, "pullback"), arguments))[[1L]]
}

# The argument of f that `var` means: itself, or its position from 0 in the order in which they occur.
.variable_of <- function(f, var) {
  if (is.LazyTensor(var)) return(var)
  ids <- names(f@arrays)
  if (is.character(var) && length(var) == 1L && grepl("^[0-9]+$", var)) var <- as.numeric(var)
  if (!is.numeric(var) || length(var) != 1L || !(var %in% (seq_along(ids) - 1))) {
    .refuse(
      "ArgumentValueError", "var is a LazyTensor that was made from an array, or the number of an argument, from 0 to ",
      length(ids) - 1, "; found ", .shown(var), "."
    )
  }
  id <- ids[var + 1]
  of_leaf <- f@owner == id
  leaf <- .empty_tensor
  leaf@tokens <- f@tokens[of_leaf]
  leaf@owner <- f@owner[of_leaf]
  leaf@arrays <- f@arrays[id]
  leaf@id <- id
  leaf
}

# An array shaped like the result: one number counts for all of it, and the array of a variable for itself.
.cotangent <- function(gradin, f, index) {
  if (is.LazyTensor(gradin)) {
    if (length(gradin@arrays) != 1L || length(unique(gradin@owner)) != 1L) {
      .refuse(
        "ArgumentTypeError", "gradin is a matrix shaped like the result, or Vi() or Vj() of one; found the expression ",
        formula(gradin), "."
      )
    }
    gradin <- gradin@arrays[[1L]]
  }
  if (is.numeric(gradin) && length(gradin) == 1L) {
    return(matrix(gradin, dim(f)[if (index == "j") 1L else 2L], dim(f)[3L]))
  }
  if (length(dim(gradin)) == 3L) gradin else .points(gradin, "grad()")
}

# ---------------------------------------------------------------- of formulas

symbolic_grad <- function(f, v, gradin) .derivative("grad", f, v, .operand(gradin, "symbolic_grad"))

grad_matrix <- function(f, v) .derivative("grad_matrix", f, v)

divergence <- function(f, v) .derivative("divergence", f, v)

laplacian <- function(f, v) .derivative("laplacian", f, v)

trace_operator <- function(f, v, weights = NULL) {
  if (is.null(weights)) return(.derivative("trace_operator", f, v))
  .derivative("trace_operator", f, v, .operand(weights, "trace_operator"))
}

setMethod("diff", "LazyTensor", function(x, v, u, ...) .derivative("diff", x, v, .operand(u, "diff")))

.derivative <- function(method, f, v, ...) {
  .step(method, .tensor_needed(f, method), .variable_of(f, v), ...)
}
