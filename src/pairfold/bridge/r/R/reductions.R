# Reductions over i or j, and over the components where there is such an operation.

# One result as an array; several as a list, values and indices by these names where there is one of each.
.result <- function(arrays, kinds) {
  if (length(arrays) == 1L) return(arrays[[1L]])
  if (identical(kinds, c("real", "index"))) names(arrays) <- c("values", "indices")
  arrays
}

.reduce <- function(x, row, index, K = NULL, weight = NULL) {
  name <- paste0(row$method, "()")
  .tensor_needed(x, row$method)
  axis <- .axis_argument(index, name)
  weight <- if (is.null(weight)) NULL else .operand(weight, name)
  # The order of the arguments in Python: what is needed stands before the axis.
  arguments <- c(
    if (!is.null(K)) list(.value(.whole(K, "K"))),
    if (row$weight == "needed") list(weight),
    list(axis),
    if (row$weight == "optional" && !is.null(weight)) list(weight = weight)
  )
  .result(do.call(.evaluate, c(list(x, row$method), arguments)), row$outputs)
}

# Over the components, when no index is given.
.inner <- function(x, row, name) {
  .tensor_needed(x, row$method)
  if (!row$inner) .axis_argument(NULL, name)
  result <- .step(row$method, x, "-1")
  if ("index" %in% row$outputs && .option("index_base") == 1) result + 1L else result
}

.is_given <- function(index) !(is.null(index) || (length(index) == 1L && is.na(index)))

.reduce_or_inner <- function(x, row, index, name = paste0(row$method, "()")) {
  if (.is_given(index)) .reduce(x, row, index) else .inner(x, row, name)
}

.by_method <- stats::setNames(.registry_reductions, vapply(.registry_reductions, function(row) row$method, ""))
.by_method <- .by_method[nzchar(names(.by_method))]

setMethod("Summary", "LazyTensor", function(x, ..., na.rm = FALSE) {
  further <- list(...)
  if (.Generic == "range") .no_method("range", " Use min() and max().")
  if (length(further) > 1L || any(vapply(further, is.LazyTensor, TRUE))) {
    advice <- if (.Generic %in% c("min", "max")) "; minimum() and maximum() compare two"
    .no_method(paste0(.Generic, "() of several arguments"), paste0(' Give one, as sum(K, index = "j")', advice, "."))
  }
  .reduce_or_inner(x, .by_method[[.Generic]], if (length(further)) further[[1L]] else NULL)
})

setMethod("mean", "LazyTensor", function(x, index = NULL, ...) .reduce_or_inner(x, .by_method$mean, index))

# ---------------------------------------------------------------- functions, made from the table

.reduction_formals <- function(row, index) {
  c(
    alist(x = ),
    if (row$k) alist(K = ),
    index,
    if (row$weight != "none") if (row$weight == "needed") alist(weight = ) else alist(weight = NULL)
  )
}

.reduction_function <- function(method, plain) {
  row <- .by_method[[method]]
  index <- if (plain && row$inner) alist(index = NULL) else alist(index = )
  work <- if (plain && row$inner) quote(.reduce_or_inner) else quote(.reduce)
  call <- as.call(c(
    list(work, quote(x), bquote(.by_method[[.(method)]]), quote(index)),
    if (row$k) list(K = quote(K)),
    if (row$weight != "none") list(weight = quote(weight))
  ))
  as.function(c(.reduction_formals(row, index), call), topenv())
}

# Those that R has already are methods of its functions, or have only the name with _reduction: var().
.in_base <- c("sum", "min", "max", "mean", "prod", "any", "all", "var")

for (.method in names(.by_method)) {
  assign(paste0(.method, "_reduction"), .reduction_function(.method, plain = FALSE))
  if (!(.method %in% .in_base)) assign(.method, .reduction_function(.method, plain = TRUE))
}
rm(.method)

# Any reduction, by its name in formulas.
reduction <- function(x, name, index = "j", K = NULL, weight = NULL) {
  .tensor_needed(x, "reduction")
  found <- .evaluate(
    x, "reduction", .value(name), if (is.null(weight)) "none" else .operand(weight, "reduction()"), .value(K),
    .axis_argument(index, "reduction()")
  )
  .result(found, .registry_reductions[[name]]$outputs)
}
