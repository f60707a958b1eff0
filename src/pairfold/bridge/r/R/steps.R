# Steps: a tensor from others, and the calls that describe and evaluate it.

# The tensor that `method` makes of `...`: tensors, and texts in the notation of pairfold.bridge.
.step <- function(method, ...) .described(.joined(method, list(...)))

.joined <- function(method, arguments) {
  id <- .new_id()
  is_tensor <- vapply(arguments, is.LazyTensor, TRUE)
  tokens <- c("\nstep\t", id, paste0("\t", method))
  for (k in seq_along(arguments)) {
    argument <- arguments[[k]]
    tokens <- c(tokens, if (is_tensor[k]) c(.reference(names(arguments)[k]), argument@id) else paste0("\t", argument))
  }
  result <- .union(arguments[is_tensor])
  result@tokens <- c(result@tokens, tokens)
  result@owner <- c(result@owner, rep(id, length(tokens)))
  result@id <- id
  result
}

# What precedes the id of a tensor among the arguments of a step.
.reference <- function(name) if (is.null(name) || !nzchar(name)) "\t#" else paste0("\t", name, "=#")

# The lines of several tensors, each once.
.union <- function(tensors) {
  if (length(tensors) == 0L) return(.empty_tensor)
  result <- tensors[[1L]]
  for (other in tensors[-1L]) {
    new <- !(other@owner %in% result@owner)
    if (!any(new)) next
    result@tokens <- c(result@tokens, other@tokens[new])
    result@owner <- c(result@owner, other@owner[new])
    result@arrays <- c(result@arrays, other@arrays[!(names(other@arrays) %in% names(result@arrays))])
  }
  result
}

# The lines as text, with numbers as ids: equal expressions give equal texts.
.text <- function(tensor) {
  ids <- unique(tensor@owner)
  names <- c(.type_names(), seq_along(ids))
  place <- match(tensor@tokens, c(.type_tokens, ids))
  known <- !is.na(place)
  tokens <- tensor@tokens
  tokens[known] <- names[place[known]]
  paste(tokens, collapse = "")
}

# ---------------------------------------------------------------- description

.remembered <- new.env(parent = emptyenv())
.remembered$texts <- rep(NA_character_, 512L)
.remembered$answers <- vector("list", 512L)
.remembered$last <- 0L

# The tensor, with what Python says of it; mistakes are found here, before any data are sent.
.described <- function(tensor) {
  text <- .text(tensor)
  place <- match(text, .remembered$texts)
  if (is.na(place)) {
    fact <- .ask(.head("describe", text))$facts[[2L]]
    about <- list(
      kind = fact[2L], shape = as.numeric(strsplit(fact[4L], ",", fixed = TRUE)[[1L]]), formula = fact[5L]
    )
    place <- .remembered$last %% length(.remembered$texts) + 1L
    .remembered$texts[place] <- text
    .remembered$answers[[place]] <- about
    .remembered$last <- place
  }
  tensor@about <- .remembered$answers[[place]]
  tensor
}

# ---------------------------------------------------------------- evaluation

# What Python answers to a last step, which computes.
.evaluation <- function(tensor, method, ..., options = list()) {
  tensor <- .joined(method, list(tensor, ...))
  head <- .head("evaluate", .text(tensor), .option_lines(options), "\nindex_base\t", .option("index_base"))
  .ask(head, .data(tensor@arrays))
}

# The arrays that a last step gives.
.evaluate <- function(tensor, method, ..., options = list()) {
  answer <- .evaluation(tensor, method, ..., options = options)
  .arrays(answer$facts, answer$data)
}
