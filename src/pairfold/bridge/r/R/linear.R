# Linear systems.

.solver_settings <- function(alpha, rtol, maxiter, preconditioner, on_failure) {
  settings <- list(
    alpha = alpha, rtol = rtol, maxiter = maxiter, preconditioner = preconditioner, on_failure = on_failure
  )
  settings[!vapply(settings, is.null, TRUE)]
}

# Numbers with a point: 0.5 and 1.0 are settings, and no part of a formula.
.setting <- function(x) if (is.character(x)) .value(x) else .number(x, whole = FALSE)

.setting_texts <- function(settings) {
  texts <- vapply(settings, .setting, "")
  if ("maxiter" %in% names(settings)) texts[["maxiter"]] <- .value(.whole(settings$maxiter, "maxiter"))
  texts
}

setMethod("solve", signature("LazyTensor", "ANY"), function(a, b, alpha = 1e-10, rtol = 1e-6, maxiter = NULL,
                                                             preconditioner = NULL, on_failure = NULL, ...) {
  settings <- .setting_texts(.solver_settings(alpha, rtol, maxiter, preconditioner, on_failure))
  arguments <- as.list(paste0(names(settings), "=", settings))
  do.call(.evaluate, c(list(a, "solve", .leaf("v", .points(b, "solve()"))), arguments))[[1L]]
})

kernel_solve <- function(formula, args, var, index = "j", sum_scheme = NULL) {
  lines <- paste0(
    "\nformula\t", .quoted(formula), paste0("\nalias\t", vapply(args, .quoted, ""), collapse = ""),
    "\naxis\t", .axis_argument(index, "kernel_solve()"), "\nunknown\t", .quoted(var)
  )
  declaration <- .declaration(sub("\nunknown\t.*$", "\nreduction\tSum", lines))
  structure(
    function(..., alpha = 1e-10, rtol = 1e-6, maxiter = NULL, preconditioner = NULL, on_failure = NULL) {
      arrays <- .matched(list(...), declaration)
      settings <- .setting_texts(.solver_settings(alpha, rtol, maxiter, preconditioner, on_failure))
      head <- .head(
        "solve", lines, paste0("\noption\t", names(settings), "\t", settings, collapse = ""),
        .option_lines(list(sum_scheme = .scheme(sum_scheme))), .array_lines(arrays)
      )
      answer <- .ask(head, .data(arrays))
      .arrays(answer$facts, answer$data)[[1L]]
    },
    class = c("pairfold_routine", "function"),
    description = c(declaration, list(formula = formula, args = args, var = var))
  )
}
