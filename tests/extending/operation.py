"""An operation of one's own: a square near 0 that outliers take no further than 1."""

import numpy as np

from pairfold.ir.expr import Op, register
from pairfold.ops.arithmetic import apply, constant, same_dimension

register(
    Op(
        name="Welsch",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=lambda f: -np.expm1(-f * f / 2),
        expand=lambda f: -apply("Expm1", constant(-0.5) * (f * f)),
        definition="1 - exp(-f^2 / 2)",
        source="J. E. Dennis and R. E. Welsch, Communications in Statistics B 7 (1978), 345-359",
        domain=((-3, 3),),
        method="welsch",
    )
)
