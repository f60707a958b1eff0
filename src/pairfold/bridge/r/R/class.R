# The class LazyTensor: a value, the flat list of the steps that make it, in the notation of pairfold.bridge.
#
# A list of steps, and no tree: trees of R share nothing, so that s <- (s + s) / 2 would double in size every time.
#   tokens  the text of all lines in pieces; a piece that is an id stands alone
#   owner   for each piece the id of its line, so that two tensors are joined without repeating what they share
#   arrays  the data of the lines "array", by id, in the order of these lines
#   id      the id of the last line: what the tensor is
#   about   what Python says of it: kind ("real" or "complex"), shape (N, M, D), formula

setClass("LazyTensor", slots = c(
  tokens = "character", owner = "character", arrays = "list", id = "character", about = "list"
))

.empty_tensor <- new("LazyTensor")

is.LazyTensor <- function(x) isS4(x) && is(x, "LazyTensor")

# An id that no other line has, in this session or another one: tensors are saved, and made in forked processes.
.new_id <- function() {
  if (is.null(.state$session)) .state$session <- basename(tempfile(""))
  .state$count <- (if (is.null(.state$count)) 0 else .state$count) + 1
  sprintf("%s.%d.%.0f", .state$session, Sys.getpid(), .state$count)
}

# Stand for the types of real and complex arrays until the data are sent: the precision is an option.
.type_tokens <- c("<real>", "<complex>")

# A tensor, or a plain array (kind "v"), as a list of one line.
.leaf <- function(kind, x) {
  id <- .new_id()
  tensor <- .empty_tensor
  sizes <- if (is.null(dim(x))) length(x) else dim(x)
  shape <- paste0("\t", paste(sprintf("%.0f", sizes), collapse = ","))
  tensor@tokens <- c("\narray\t", id, paste0("\t", kind, "\t"), .type_tokens[1L + is.complex(x)], shape)
  tensor@owner <- rep(id, 5L)
  tensor@arrays <- stats::setNames(list(x), id)
  tensor@id <- id
  tensor
}

Vi <- function(x, is_complex = FALSE) .variable("i", .points(x, "Vi", is_complex))

Vj <- function(x, is_complex = FALSE) .variable("j", .points(x, "Vj", is_complex))

Pm <- function(x, is_complex = FALSE) .variable("p", .vector(x, "Pm", is_complex))

LazyTensor <- function(x, index = NULL, is_complex = FALSE) {
  if (is.LazyTensor(x)) return(x)
  if (is.null(index) || identical(index, NA) || identical(index, NA_character_)) {
    if (!is.null(dim(x)) && min(dim(x)) != 1L) .bare_matrix(x, "LazyTensor")
    return(Pm(x, is_complex))
  }
  if (.choice(index, c("i", "j"), "index") == "i") Vi(x, is_complex) else Vj(x, is_complex)
}

.variable <- function(kind, x) .described(.leaf(kind, x))

# ---------------------------------------------------------------- what a tensor is

setMethod("dim", "LazyTensor", function(x) x@about$shape)

setMethod("show", "LazyTensor", function(object) {
  about <- object@about
  cat(
    "LazyTensor (", if (about$kind == "complex") "complex, ", paste(about$shape, collapse = " x "), "): ",
    about$formula, "\n", sep = ""
  )
})

formula.LazyTensor <- function(x, ...) x@about$formula

is_complex <- function(x) is.LazyTensor(x) && x@about$kind == "complex"

setMethod("t", "LazyTensor", function(x) .step("T", x))

# All entries, which take N M D numbers of memory.
as.array.LazyTensor <- function(x, ...) {
  found <- .evaluate(x, "dense")[[1L]]
  if (length(dim(found)) == 2L) dim(found) <- c(dim(found), 1L)
  found
}

as.matrix.LazyTensor <- function(x, ...) {
  shape <- dim(x)
  if (shape[3L] != 1) {
    .refuse(
      "DimensionError", "as.matrix() is for tensors with one number per pair; this one has ", shape[3L],
      " (", paste(shape, collapse = " x "), "). Use as.array()."
    )
  }
  found <- as.array(x)
  dim(found) <- shape[1:2]
  found
}

setGeneric("diag")
setMethod("diag", "LazyTensor", function(x = 1, nrow, ncol, names = TRUE) .evaluate(x, "diag")[[1L]])

explain <- function(x, reduction = "Sum", index = "j") {
  .tensor_needed(x, "explain")
  facts <- .evaluation(x, "explain", .value(reduction), .axis_argument(index))$facts
  structure(Filter(function(fact) fact[1L] == "text", facts)[[1L]][2L], class = "noquote")
}
