# Density estimation: a Gaussian kernel on a grid, its bandwidth chosen by the likelihood of the points left out.
library(pairfold)
set.seed(3)

n <- 4000
angle <- runif(n, 0, pi)
side <- sample(c(-1, 1), n, replace = TRUE)
x <- cbind(cos(angle) * side + side / 2, sin(angle) * side) + matrix(rnorm(2 * n, sd = 0.15), n)

# log of the mean over the other points of the kernel at every point
log_density <- function(h) {
  sums <- logsumexp(-sqdist(Vi(x), Vj(x)) / (2 * h^2), "j")
  log((exp(sums) - 1) / (n - 1)) - log(2 * pi * h^2)
}
bandwidths <- exp(seq(log(0.05), log(0.5), length.out = 12))
likelihood <- sapply(bandwidths, function(h) mean(log_density(h)))
h <- bandwidths[which.max(likelihood)]

axis <- seq(-2.2, 2.2, length.out = 150)
grid <- as.matrix(expand.grid(axis, axis))
density <- mean(exp(-sqdist(Vi(grid), Vj(x)) / (2 * h^2)), index = "j") / (2 * pi * h^2)
total <- sum(density) * diff(axis[1:2])^2
cat("bandwidth:", signif(h, 3), " integral over the grid:", signif(total, 4), "\n")
stopifnot(abs(total - 1) < 0.02, h > 0.03, h < 0.3)

png("density_estimation.png", 1200, 600, pointsize = 18)
par(mfrow = c(1, 2), mar = c(4, 4, 2, 1))
plot(bandwidths, likelihood, log = "x", type = "b", pch = 20, xlab = "bandwidth", ylab = "log-likelihood")
title("Choice of the bandwidth")
abline(v = h, lty = 2)
image(axis, axis, matrix(density, 150), col = hcl.colors(64, "Blues", rev = TRUE), asp = 1, xlab = "", ylab = "")
title("Density")
points(x[1:500, ], pch = ".", cex = 2)
invisible(dev.off())
