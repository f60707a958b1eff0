# Names that are exported, names that have a help page, and the names of Python.

exported <- setdiff(getNamespaceExports("pairfold"), grep("^\\.", getNamespaceExports("pairfold"), value = TRUE))

# Generic functions of other packages, for which this one has methods.
is_of_others <- function(name) {
  found <- getExportedValue("pairfold", name)
  is(found, "genericFunction") && !identical(as.character(found@package), "pairfold")
}

# Methods of Python that R has by another name, or not at all.
left_out <- c(
  # functions of R
  "abs", "acos", "acosh", "all", "any", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "floor", "log",
  "log10", "log1p", "log2", "max", "mean", "min", "prod", "round", "sign", "sin", "sinh", "solve", "sqrt", "sum", "t",
  "tan", "tanh", "trunc",
  "power", # ^
  "var", # var_reduction(): var() of R is for data
  "real", "imag", "angle", "conj", # Re(), Im(), Arg(), Conj()
  "T", # t()
  "dense", # as.array(), as.matrix()
  "rows", "block", # as.array(K[i, j])
  "matvec", "rmatvec", # %*%
  "norm", # norm2()
  "pullback", # grad()
  "stream", "waiting", # arrays of R are in memory, and formulas have their arguments
  "grad" # symbolic_grad(); grad() is the gradient of a reduction, as in rkeops
)

test_that("everything of Python has a name in R", {
  methods <- c(
    names(pairfold:::.registry_operations), names(pairfold:::.registry_calculus), pairfold:::.registry_others,
    names(pairfold:::.by_method), paste0(names(pairfold:::.by_method), "_reduction")
  )
  expect_setequal(setdiff(methods, exported), setdiff(left_out, c("diff", "step", exported)))
})

test_that("every exported name has a help page", {
  aliases <- names(readRDS(system.file("help", "aliases.rds", package = "pairfold")))
  expect_setequal(setdiff(Filter(Negate(is_of_others), exported), aliases), character(0))
})

test_that("nothing of R is masked", {
  found <- run_r('cat("conflicts:", conflicts(detail = TRUE)[["package:pairfold"]])')
  expect_length(found, 1)
})
