"""The catalogue of reductions, one record each; importing this package fills the registry."""

from pairfold.ir.reduction import REDUCTIONS, find_reduction
from pairfold.reductions import exponential, extremal, products, state, sums

__all__ = ["REDUCTIONS", "exponential", "extremal", "find_reduction", "products", "state", "sums"]
