# Reductions that are given by formulas.

genred <- function(formula, args, reduction = "Sum", index = "j", K = NULL, weight = NULL, sum_scheme = NULL) {
  lines <- paste0(
    "\nformula\t", .quoted(formula), paste0("\nalias\t", vapply(args, .quoted, ""), collapse = ""),
    "\naxis\t", .axis_argument(index, "genred()"), "\nreduction\t", .quoted(reduction),
    if (!is.null(K)) paste0("\nk\t", .value(.whole(K, "K"))),
    if (!is.null(weight)) paste0("\nweight\t", .quoted(weight))
  )
  declaration <- .declaration(lines)
  kinds <- .registry_reductions[[declaration$reduction]]$outputs
  scheme <- list(sum_scheme = .scheme(sum_scheme))
  structure(
    function(...) {
      arrays <- .matched(list(...), declaration)
      .result(.reduced(lines, arrays, .option("index_base"), scheme), kinds)
    },
    class = c("pairfold_routine", "function"),
    description = c(declaration, list(formula = formula, args = args))
  )
}

# "auto" leaves the choice to the option, and to Python.
.scheme <- function(sum_scheme) {
  if (is.null(sum_scheme) || identical(sum_scheme, "auto")) .option("sum_scheme") else sum_scheme
}

.reduced <- function(lines, arrays, index_base, options = list(), order = "F", result_order = order) {
  head <- .head(
    "genred", lines, .option_lines(options), "\nindex_base\t", index_base,
    if (order != "F") paste0("\norder\t", order), if (result_order != order) paste0("\nresult_order\t", result_order),
    .array_lines(arrays, order)
  )
  answer <- .ask(head, .data(arrays))
  .arrays(answer$facts, answer$data, result_order)
}

.array_lines <- function(arrays, order = "F") {
  types <- .type_names()
  paste0(vapply(arrays, function(x) {
    sizes <- if (is.null(dim(x))) length(x) else if (order == "C") rev(dim(x)) else dim(x)
    paste0("\narray\t", types[1L + is.complex(x)], "\t", paste(sprintf("%.0f", sizes), collapse = ","))
  }, ""), collapse = "")
}

# ---------------------------------------------------------------- arguments

# What Python says of a formula: names, categories and dimensions of its arguments, its reduction and axis.
.declaration <- function(lines) {
  facts <- .ask(.head("declare", lines))$facts[-1L]
  keys <- vapply(facts, function(fact) fact[1L], "")
  arguments <- facts[keys == "argument"]
  names <- vapply(arguments, function(fact) fact[2L], "")
  list(
    names = names,
    labels = base::ifelse(nzchar(names), names, "the cotangent"),
    categories = vapply(arguments, function(fact) fact[3L], ""),
    dimensions = vapply(arguments, function(fact) as.numeric(fact[4L]), 0),
    reduction = facts[[match("reduction", keys)]][2L],
    index = if (facts[[match("axis", keys)]][2L] == "1") "j" else "i",
    dimension = as.numeric(facts[[match("value", keys)]][2L])
  )
}

# The arguments of a call in the order of the declaration, as matrices and vectors.
.matched <- function(given, declaration, points = .points) {
  count <- length(declaration$names)
  labels <- declaration$labels
  if (length(given) != count) {
    .refuse(
      "ArgumentValueError", "This formula takes ", count, " arguments (", paste(labels, collapse = ", "), "); found ",
      length(given), "."
    )
  }
  if (!is.null(names(given))) given <- .ordered(given, declaration$names)
  for (k in seq_len(count)) {
    given[[k]] <- if (declaration$categories[k] == "Pm") .vector(given[[k]], labels[k])
    else if (!nzchar(declaration$names[k]) && length(dim(given[[k]])) == 3L) given[[k]]
    else points(given[[k]], labels[k])
  }
  unname(given)
}

# Named arguments go where they belong, the others fill the places that are left.
.ordered <- function(given, names) {
  place <- match(names(given), names)
  place[!nzchar(names(given))] <- NA
  unknown <- is.na(place) & nzchar(names(given))
  # Cotangents have no name in the formula, and may have any.
  if (sum(unknown) > sum(!nzchar(names)) || anyDuplicated(place[!is.na(place)])) {
    .refuse(
      "UnknownNameError", "The arguments are ", paste(names[nzchar(names)], collapse = ", "), "; found ",
      paste(names(given), collapse = ", "), "."
    )
  }
  free <- setdiff(c(which(nzchar(names)), which(!nzchar(names))), place)
  # What has an unknown name comes after what has none.
  left <- c(which(is.na(place) & !unknown), which(unknown))
  place[left] <- sort(free)[seq_along(left)]
  given[order(place)]
}

print.pairfold_routine <- function(x, ...) {
  facts <- attr(x, "description")
  cat("A reduction of pairfold:", facts$formula, "\n")
  cat(paste0(
    "  ", facts$labels, ": ", facts$categories, ", dimension ",
    facts$dimensions, "\n"
  ), sep = "")
  cat(
    "  ", facts$reduction, " over ", facts$index, if (!is.null(facts$var)) paste0(", solved for ", facts$var), "\n",
    sep = ""
  )
  invisible(x)
}
