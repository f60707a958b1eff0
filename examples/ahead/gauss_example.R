# The same kernel from R, by .C; points are columns there, so matrices are transposed.
#
#     pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' 'g = Pm(1)' --dtype float64
#     R CMD SHLIB -o gauss.so gauss.c gauss_kernel.o
#     Rscript gauss_example.R
dyn.load("gauss.so")

gauss <- function(x, y, b, g) {
  stopifnot(ncol(x) == 3, ncol(y) == 3, length(b) == nrow(y), length(g) == 1)
  called <- .C("gauss_", as.integer(nrow(x)), as.integer(nrow(y)), as.double(t(x)), as.double(t(y)), as.double(b),
               as.double(g), out = double(nrow(x)), status = integer(1))
  if (called$status != 0) stop("gauss returned status ", called$status)
  called$out
}

set.seed(1)
x <- matrix(rnorm(3 * 300), ncol = 3)
y <- matrix(rnorm(3 * 200), ncol = 3)
b <- runif(200)
a <- gauss(x, y, b, 0.5)
squared <- outer(rowSums(x^2), rowSums(y^2), "+") - 2 * x %*% t(y)
worst <- max(abs(a - exp(-0.5 * squared) %*% b))
cat(sprintf("sum at the first point: %.12f, largest difference from dense R: %.1e\n", a[1], worst))
stopifnot(worst < 1e-10)
