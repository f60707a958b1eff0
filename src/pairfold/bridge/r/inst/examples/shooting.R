# Registration of curves by geodesic shooting (LDDMM): momenta p at the points q of a curve carry it, by the equations
# of Hamilton, to another curve. The energy H(p, q) is half of sum_ij K(q_i, q_j) <p_i, p_j>; keops_grad() gives its
# gradient.
library(pairfold)

scale <- 1 / (2 * 0.35^2)
energy <- keops_kernel(
  "Sum_Reduction(Exp(-g * SqDist(x, y)) * (p | q), 1)",
  c("x=Vi(2)", "y=Vj(2)", "p=Vi(2)", "q=Vj(2)", "g=Pm(1)"), tag = "reduced"
)
velocity_of <- keops_kernel(
  "Sum_Reduction(Exp(-g * SqDist(x, y)) * q, 1)", c("x=Vi(2)", "y=Vj(2)", "q=Vj(2)", "g=Pm(1)"), tag = "reduced"
)
energy_by_x <- keops_grad(energy, "x")

# dq/dt = dH/dp, dp/dt = -dH/dq; K is symmetric, so that half of both derivatives is the one by x.
derivative <- function(state) {
  ones <- matrix(1, nrow(state$q), 1)
  list(
    q = velocity_of(list(state$q, state$q, state$p, scale)),
    p = -energy_by_x(list(state$q, state$q, state$p, state$p, scale, ones))
  )
}

shoot <- function(q, p, steps = 8) {
  path <- list(q)
  state <- list(q = q, p = p)
  for (step in seq_len(steps)) { # Heun's method
    first <- derivative(state)
    middle <- Map(function(s, d) s + d / steps, state, first)
    second <- derivative(middle)
    state <- Map(function(s, d, e) s + (d + e) / (2 * steps), state, first, second)
    path[[step + 1]] <- state$q
  }
  list(end = state$q, path = path)
}

turn <- seq(0, 2 * pi, length.out = 61)[-61]
source <- cbind(cos(turn), sin(turn))
target <- cbind(1.3 * cos(turn), 0.8 * sin(turn)) * (1 + 0.25 * cos(3 * turn))

# The curve must end at the target. For small momenta the kernel matrix is the derivative of its end by the momenta, so
# that a linear system turns the misfit into a correction: Newton's method with a fixed derivative and short steps.
K <- exp(-scale * sqdist(Vi(source), Vj(source)))
p <- matrix(0, 60, 2)
for (iteration in 1:30) {
  misfit <- target - shoot(source, p)$end
  p <- p + 0.3 * solve(K, misfit, alpha = 0.1)
}
found <- shoot(source, p)
misfit <- max(sqrt(rowSums((target - found$end)^2)))
h <- sum(energy(list(source, source, p, p, scale))) / 2
cat("largest distance to the target:", signif(misfit, 3), " energy:", signif(h, 3), "\n")
stopifnot(misfit < 0.02)

# A grid of the plane is carried by the same flow.
carry <- function(points, path, p) {
  state <- list(q = path[[1]], p = p)
  steps <- length(path) - 1
  for (step in seq_len(steps)) {
    points <- points + velocity_of(list(points, state$q, state$p, scale)) / steps
    change <- derivative(state)
    state <- list(q = path[[step + 1]], p = state$p + change$p / steps)
  }
  points
}
lines_of <- seq(-1.6, 1.6, length.out = 17)
fine <- seq(-1.6, 1.6, length.out = 60)

png("shooting.png", 800, 800, pointsize = 18)
plot(NULL, xlim = c(-1.8, 1.8), ylim = c(-1.8, 1.8), asp = 1, xlab = "", ylab = "", main = "Geodesic shooting")
for (value in lines_of) {
  lines(carry(cbind(value, fine), found$path, p), col = "grey70")
  lines(carry(cbind(fine, value), found$path, p), col = "grey70")
}
closed <- function(q) rbind(q, q[1, ])
for (q in found$path[2:8]) lines(closed(q), col = "#4682B455", lwd = 2)
lines(closed(source), lwd = 3, lty = 2)
lines(closed(target), lwd = 3, col = "firebrick")
points(found$end, pch = 21, bg = "steelblue")
legend(
  "topright", c("source", "target", "carried"), lty = c(2, 1, NA), pch = c(NA, NA, 21), pt.bg = "steelblue", lwd = 2,
  col = c("black", "firebrick", "black"), bty = "n"
)
invisible(dev.off())
