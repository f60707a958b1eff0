"""The catalogue of operations, one record each; importing this package fills the registry."""

from pairfold.ir.op import OPERATIONS
from pairfold.ops import arithmetic, elementary, vector
from pairfold.ops.arithmetic import constant, variable

__all__ = ["OPERATIONS", "arithmetic", "constant", "elementary", "variable", "vector"]
