# The Gaussian kernel product a_i = sum_j exp(-|x_i - y_j|^2 / 2) b_j of 20,000 by 20,000 points.
library(pairfold)

x <- matrix(rnorm(60000), 20000, 3)
y <- matrix(rnorm(60000), 20000, 3)
b <- rnorm(20000)
K <- exp(-sqdist(Vi(x), Vj(y)) / 2)
a <- K %*% b
cat("a has", nrow(a), "rows; the first:", a[1], "\n")
stopifnot(all.equal(a[1], sum(exp(-colSums((t(y) - x[1, ])^2) / 2) * b)))
