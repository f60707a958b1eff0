"""A reduction of one's own: the Euclidean norm of the entries of a row."""

import numpy as np

from pairfold.ir.reduction import Field, Reduction, register_reduction
from pairfold.ops.arithmetic import apply


def pullback(value, weight, outputs, cotangents):
    """Return the slope of the norm at a pair, value / norm: 0 where the norm is 0."""
    (norm,) = outputs
    return cotangents[0] * value * apply("Rsqrt", norm * norm), None


register_reduction(
    Reduction(
        name="EuclideanNorm",
        fields=(Field("squares", lambda sizes: sizes.value, 0.0, additive=True),),
        update=lambda state, value, weight, index, sizes: {"squares": value * value},
        merge=lambda a, b, sizes: {"squares": a["squares"] + b["squares"]},
        finish=lambda state, sizes: (apply("Sqrt", state["squares"]),),
        shapes=lambda sizes: ((sizes.value,),),
        reference=lambda value, weight, k, columns: (np.sqrt(np.sum(value * value, axis=-2)),),
        pullback=pullback,
        in_steps=(("EuclideanNorm", "EuclideanNorm"),),
        method="euclidean_norm",
        definition="square root of the sum over j of F^2, per component",
        doc="0 when there is no column. Derivative 0 at 0.",
    )
)
