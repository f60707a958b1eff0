"""A front end for a framework of one's own, whose arrays are NumPy arrays in a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from pairfold.api.adapter import NUMPY
from pairfold.api.clusters import make_clusters
from pairfold.front_end import FrontEnd, make_front_end
from pairfold.ir.call import Call

# ---------------------------------------------------------------- the framework


class Box(NDArrayOperatorsMixin):
    """An array. Operators and the functions of NumPy give boxes again."""

    def __init__(self, content: Any) -> None:
        self.content = np.asarray(content)
        self.shape, self.dtype, self.strides = self.content.shape, self.content.dtype, self.content.strides

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.content, dtype)

    def __getitem__(self, key: Any) -> Box:
        return Box(self.content[key])

    def __setitem__(self, key: Any, value: Box) -> None:
        self.content[key] = value.content

    def __bool__(self) -> bool:
        return bool(self.content)

    def __float__(self) -> float:
        return float(self.content)

    def tolist(self) -> Any:
        return self.content.tolist()

    def astype(self, dtype: Any, copy: bool = True) -> Box:
        return Box(self.content.astype(dtype, copy=copy))

    def reshape(self, *shape: Any) -> Box:
        return Box(self.content.reshape(*shape))

    def __array_ufunc__(self, function: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if any(hasattr(arg, "__array_ufunc__") and not isinstance(arg, Box | np.ndarray | np.generic) for arg in args):
            return NotImplemented
        return Box(getattr(function, method)(*map(_opened, args), **kwargs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return Box(function(*map(_opened, args), **kwargs))


def _opened(value: Any) -> Any:
    return value.content if isinstance(value, Box) else value


# ---------------------------------------------------------------- the front end


def _as_array(value: Any) -> Box:
    return value if isinstance(value, Box) else Box(NUMPY.as_array(value))


def _prepare(box: Box, dtype: Any, shape: Sequence[int] | None, stretched: Sequence[int] | None) -> Box:
    return Box(NUMPY.prepare(box.content, dtype, shape, stretched))


def _run(call: Call, boxes: Sequence[Box | None]) -> tuple[Box, ...]:
    return tuple(map(Box, NUMPY.run(call, list(map(_opened, boxes)))))


# The dtypes are those of NumPy, and so is what is known about them.
BOXED = replace(
    NUMPY,
    name="boxed",
    array_type=Box,
    as_array=_as_array,
    as_pairs=lambda box: Box(NUMPY.as_pairs(box.content)),
    from_pairs=lambda box: Box(NUMPY.from_pairs(box.content)),
    permute=lambda box, axes: Box(box.content.transpose(axes)),
    contiguous=lambda box: Box(np.ascontiguousarray(box.content)),
    to_numpy=_opened,
    prepare=_prepare,
    zeros=lambda shape, dtype, boxes: Box(np.zeros(shape, dtype)),
    arange=lambda count, like: Box(np.arange(count, dtype=like.dtype)),
    run=_run,
    from_numpy=Box,
)

globals().update(make_front_end(FrontEnd(room=__name__, adapter=BOXED)))
cluster = SimpleNamespace(**make_clusters(BOXED))
