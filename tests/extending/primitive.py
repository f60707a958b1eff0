"""A primitive of one's own, which targets know: an instruction that LLVM has."""

import numpy as np

from pairfold.codegen.primitives import PRIMITIVES, Instruction
from pairfold.ir.expr import Interval, Op, register
from pairfold.ops.arithmetic import apply, broadcast_dimension, one
from pairfold.ops.bounds import absolute


def slope(node, g):
    """Return the derivatives with respect to the operands, None where it is 0."""
    size, sign = node.args
    return g * apply("CopySign", one(), size * sign), None


def ends(node, operands):
    """Return where values lie: on both sides of 0, as far away as that of the first operand."""
    farthest = absolute(operands[0]).high
    return Interval(-farthest, farthest)


register(
    Op(
        name="CopySign",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.copysign,
        pullback=slope,
        definition="|f| with the sign of g",
        accuracy="exact",
        domain=((0.2, 2), (-2, 2)),
        method="copysign",
        bounds=ends,
        ulp=0,
    )
)
PRIMITIVES["CopySign"] = Instruction(lambda lanes, builder, values: lanes.call_intrinsic(builder, "copysign", values))
