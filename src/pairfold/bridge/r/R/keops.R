# Operators as in rkeops: a formula that holds its reduction and a number.

keops_kernel <- function(formula, args, sum_scheme = "auto", tag = c("reduced", "kept")) {
  if (missing(tag)) .tell_of_numbers(formula)
  tag <- .choice(tag[1L], c("reduced", "kept"), "tag")
  lines <- paste0(
    "\nformula\t", .quoted(formula), paste0("\nalias\t", vapply(args, .quoted, ""), collapse = ""), "\nnumber\t", tag
  )
  .keops_operator(list(formula = formula, args = args, sum_scheme = sum_scheme, tag = tag), lines)
}

keops_grad <- function(operator, var) {
  facts <- attr(operator, "operator")
  if (is.null(facts)) {
    .refuse(
      "ArgumentTypeError", "keops_grad() takes an operator that keops_kernel() made; found ",
      .shown(operator), "."
    )
  }
  if (!((is.character(var) || is.numeric(var)) && length(var) == 1L)) {
    .refuse("ArgumentTypeError", "var is the name of an argument, or its position from 0; found ", .shown(var), ".")
  }
  facts$context$gradients <- c(facts$context$gradients, list(var))
  wanted <- if (is.numeric(var)) .value(var) else .quoted(var)
  .keops_operator(facts$context, paste0(facts$lines, "\ngradient\t", wanted))
}

# The function that users call, and what keops_grad() needs to know.
.keops_operator <- function(context, lines) {
  declaration <- .declaration(lines)
  kinds <- if (is.null(context$gradients)) .registry_reductions[[declaration$reduction]]$outputs else "real"
  scheme <- list(sum_scheme = .scheme(context$sum_scheme))
  structure(
    function(input = NULL, inner_dim = "col") {
      if (is.null(input)) return(c(context, list(args_info = .args_info(declaration))))
      layout <- .layout(inner_dim)
      if (!is.list(input) || is.data.frame(input)) {
        .refuse("ArgumentTypeError", "input is a list of the arguments; found ", .shown(input), ".")
      }
      arrays <- .matched(as.list(input), declaration, layout$points)
      .result(.reduced(lines, arrays, 0, scheme, layout$order, layout$result_order), kinds)
    },
    class = c("pairfold_routine", "function"),
    description = c(declaration, context["formula"]),
    operator = list(context = context, lines = lines)
  )
}

# How points lie: in rows; in columns with results in rows (rkeops 2); in columns throughout (rkeops 1).
.layout <- function(inner_dim) {
  inner_dim <- as.character(inner_dim)
  .choice(inner_dim, c("col", "row", "1", "0"), "inner_dim")
  switch(inner_dim,
    col = , "1" = list(points = .points, order = "F", result_order = "F"),
    row = list(points = .columns, order = "C", result_order = "F"),
    "0" = list(points = .columns, order = "C", result_order = "C")
  )
}

# Points in columns; a vector has one number per point.
.columns <- function(x, what) {
  x <- .plain_numbers(x, what)
  if (length(dim(x)) == 2L) x else t(.points(x, what))
}

.args_info <- function(declaration) {
  list(
    var_name = declaration$names, var_type = declaration$categories, var_dim = declaration$dimensions,
    var_pos = seq_along(declaration$names) - 1
  )
}

.tell_of_numbers <- function(formula) {
  if (isTRUE(.state$told_of_numbers) || !grepl("_?Reduction\\(.*,\\s*[01]\\s*[,)]", formula)) return(invisible())
  .state$told_of_numbers <- TRUE
  message(
    'pairfold reads the number in "', formula, '" as rkeops 2 does: the index that is reduced, 0 for i and 1 for j. ',
    'In rkeops 1 it was the index that is kept: tag = "kept". Say tag = "reduced" or tag = "kept" to end this message.'
  )
}
