"""Iterations for linear systems, on any linear operator."""
