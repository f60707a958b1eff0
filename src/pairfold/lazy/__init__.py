"""Symbolic tensors: formulas written as array programs."""
