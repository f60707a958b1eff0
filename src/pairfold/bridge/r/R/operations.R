# A function for every operation of formulas, made from the table.

# `arguments`: the operands, one of which is a tensor at least, then the parameters.
.operation <- function(method, arguments) {
  row <- .registry_operations[[method]]
  count <- length(row$operands) + 1L
  operands <- lapply(arguments[seq_len(min(count, length(arguments)))], .operand, method)
  if (!any(vapply(operands, is.LazyTensor, TRUE))) .tensor_needed(arguments[[1L]], method)
  # The methods of Python belong to the first operand.
  if (!is.LazyTensor(operands[[1L]])) operands[[1L]] <- Pm(arguments[[1L]])
  do.call(.step, c(list(method), operands, lapply(arguments[-seq_len(count)], .value)))
}

# What R has already: group generics, the generics of operators.R, and power(), of the package stats, instead of ^.
.own_in_base <- c(
  "abs", "sign", "sqrt", "floor", "trunc", "exp", "expm1", "log", "log10", "log2", "log1p", "cos", "cosh", "sin",
  "sinh", "tan", "tanh", "acos", "acosh", "asin", "asinh", "atan", "atanh", "round", "atan2", "ifelse", "step",
  "power"
)

# Written out below: they count components from what the option index_base says, or have the arguments of rkeops.
.own_here <- c("elem", "extract", "one_hot", "clamp", "clampint", "mod", "weightedsqnorm", "weightedsqdist")

# Without an index, reductions are over the components.
.own_reductions <- c("max", "min", "argmax", "argmin")

# What further operands are called, as in rkeops.
.operand_names <- c(other = "y", other1 = "y", other2 = "z")

.operation_function <- function(method) {
  row <- .registry_operations[[method]]
  operands <- base::ifelse(row$operands %in% names(.operand_names), .operand_names[row$operands], row$operands)
  names <- c("x", operands, row$parameters)
  formals <- stats::setNames(rep(alist(x = ), length(names)), names)
  optional <- utils::tail(names, row$optional)
  formals[optional] <- list(NULL)
  given <- as.call(c(quote(list), lapply(names, function(name) {
    # Shapes are lists in Python, also those of one number.
    if (grepl("^(shape|axes)_", name)) bquote(as.list(.(as.name(name)))) else as.name(name)
  })))
  if (length(optional)) given <- bquote(Filter(Negate(is.null), .(given)))
  as.function(c(formals, bquote(.operation(.(method), .(given)))), topenv())
}

for (.method in setdiff(names(.registry_operations), c(.own_in_base, .own_here, .own_reductions))) {
  assign(.method, .operation_function(.method))
}
rm(.method)

# ---------------------------------------------------------------- bounds and weights

clamp <- function(x, a, b) .operation("clamp", list(x, a, b))

clampint <- function(x, y, z) .operation("clampint", list(x, .whole(y, "y"), .whole(z, "z")))

mod <- function(x, a, b = 0) .operation("mod", list(x, a, b))

weightedsqnorm <- function(x, s) .operation("weightedsqnorm", list(x, s))

weightedsqdist <- function(x, y, s) .operation("weightedsqdist", list(x, y, s))

# ---------------------------------------------------------------- components

elem <- function(x, m) .step("elem", .as_tensor(x, "elem"), .value(.positions(m, "m")))

elemT <- function(x, m, n) .step("ElemT", .as_tensor(x, "elemT"), .value(.whole(n, "n")), .value(.positions(m, "m")))

extract <- function(x, m, d) {
  .step("extract", .as_tensor(x, "extract"), .value(.positions(m, "m")), .value(.whole(d, "d")))
}

extractT <- function(x, m, d) {
  .step("ExtractT", .as_tensor(x, "extractT"), .value(.positions(m, "m")), .value(.whole(d, "d")))
}

one_hot <- function(x, D) {
  .tensor_needed(x, "one_hot")
  if (.option("index_base") == 1) x <- x - 1L
  .step("one_hot", x, .value(.whole(D, "D")))
}

.as_tensor <- function(x, what) if (is.LazyTensor(x)) x else Pm(.vector(x, what))

# ---------------------------------------------------------------- operations that Python has no method for

# By the name in formulas: the operands, then the parameters.
operation <- function(name, ...) {
  .choice(name, names(.registry_further_operations), "The name of an operation")
  row <- .registry_further_operations[[name]]
  arguments <- list(...)
  operands <- lapply(arguments[seq_len(min(row$operands, length(arguments)))], .operand, name)
  do.call(.step, c(list(name), operands, lapply(unname(arguments[-seq_len(row$operands)]), .value)))
}
