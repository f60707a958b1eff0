"""Requests become plans, plans become machine code, machine code is kept and called."""

from pairfold.engine.cache import cost_per_pair
from pairfold.engine.explain import FORMULAS, Explanation, explain
from pairfold.engine.joint import joint_groups, run_jointly
from pairfold.engine.run import run, run_on_device
from pairfold.engine.states import State, finish, partial
from pairfold.ir.call import Call, Extent, Options, Tolerance
from pairfold.targets.items import require_countable
from pairfold.targets.target import TARGETS, DeviceArray, Memory, target_of

__all__ = [
    "FORMULAS",
    "TARGETS",
    "Call",
    "DeviceArray",
    "Explanation",
    "Extent",
    "Memory",
    "Options",
    "State",
    "Tolerance",
    "cost_per_pair",
    "explain",
    "finish",
    "joint_groups",
    "partial",
    "require_countable",
    "run",
    "run_jointly",
    "run_on_device",
    "target_of",
]
