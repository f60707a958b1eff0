"""Reductions over all pairs, a_i = Reduction_j f(p, x_i, y_j), and their derivatives, in linear memory."""

__version__ = "0.1.0"
