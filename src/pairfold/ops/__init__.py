"""The catalogue of operations, one record each; importing this package fills the registry."""

from pairfold.ir.expr import OPERATIONS
from pairfold.ops import (
    arithmetic,
    complex_functions,
    complexes,
    composed,
    elementary,
    logic,
    piecewise,
    special,
    structure,
    tensors,
    vector,
)
from pairfold.ops.arithmetic import constant, variable

__all__ = [
    "OPERATIONS",
    "arithmetic",
    "complex_functions",
    "complexes",
    "composed",
    "constant",
    "elementary",
    "logic",
    "piecewise",
    "special",
    "structure",
    "tensors",
    "variable",
    "vector",
]
