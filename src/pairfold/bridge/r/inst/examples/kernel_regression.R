# Kernel ridge regression: a curve through noisy observations, by a linear system that is never stored.
library(pairfold)
set.seed(1)

n <- 5000
t <- matrix(runif(n))
truth <- function(t) sin(12 * t) * exp(-t) + 0.5 * t
observed <- truth(t) + rnorm(n, sd = 0.3)

kernel <- function(s, t) exp(-sqdist(Vi(s), Vj(t)) / (2 * 0.08^2))
weights <- solve(kernel(t, t), observed, alpha = 1)
fine <- matrix(seq(0, 1, length.out = 500))
fitted <- kernel(fine, t) %*% weights

error <- sqrt(mean((fitted - truth(fine))^2))
cat("root mean square error of the curve:", signif(error, 3), "with noise of 0.3\n")
stopifnot(error < 0.05)

png("kernel_regression.png", 900, 600, pointsize = 18)
plot(t, observed, pch = 20, cex = 0.4, col = "grey75", xlab = "t", ylab = "", main = "Kernel ridge regression")
lines(fine, truth(fine), lwd = 3, lty = 2)
lines(fine, fitted, lwd = 4, col = "steelblue")
legend("topright", c("truth", "fitted"), lwd = 3, lty = c(2, 1), col = c("black", "steelblue"), bty = "n")
invisible(dev.off())
