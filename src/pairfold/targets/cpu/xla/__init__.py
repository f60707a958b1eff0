"""Kernels behind XLA's calling convention, without Python between the two."""
