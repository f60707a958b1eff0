# k-means in the plane, by the nearest centre of every point.
library(pairfold)
set.seed(2)

k_means <- function(x, k, steps) {
  centres <- x[sample(nrow(x), k), , drop = FALSE]
  for (step in seq_len(steps)) {
    nearest <- factor(argmin(sqdist(Vi(x), Vj(centres)), "j"), levels = seq_len(k))
    occupied <- table(nearest) > 0
    centres[occupied, ] <- rowsum(x, nearest) / as.vector(table(nearest))[occupied]
  }
  list(centres = centres, nearest = as.integer(nearest), spread = mean(min(sqdist(Vi(x), Vj(centres)), "j")))
}

n <- 20000
angle <- runif(n, 0, 2 * pi)
radius <- 1 + 0.25 * sin(5 * angle) + rnorm(n, sd = 0.12)
x <- cbind(radius * cos(angle), radius * sin(angle))
found <- k_means(x, 25, 15)
cat("mean squared distance to the nearest centre:", signif(found$spread, 3), "\n")
stopifnot(found$spread < 0.1 * mean(rowSums(scale(x, scale = FALSE)^2)))

png("kmeans.png", 800, 800, pointsize = 18)
colours <- sample(hcl.colors(25, "Dark 3"))
plot(x, pch = 20, cex = 0.3, asp = 1, col = colours[found$nearest], xlab = "", ylab = "", main = "25 clusters")
points(found$centres, pch = 21, bg = "white", cex = 1.3, lwd = 2)
invisible(dev.off())
