# Loading the package starts no Python and prints nothing.
.onLoad <- function(libname, pkgname) {
  .state$bridge <- NULL
}
