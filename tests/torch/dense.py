"""Reductions as plain PyTorch writes them, with the whole matrix in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pairfold.torch import Genred

Function = Callable[..., Tensor]

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "p = Pm(1)"]


@dataclass(frozen=True)
class Pair:
    """A routine and the same function in plain PyTorch."""

    routine: Function
    dense: Function


def _distances(x: Tensor, y: Tensor, p: Tensor) -> Tensor:
    return p[..., None] * ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)


def _row(b: Tensor) -> Tensor:
    return b.mT


def _log_sum_exp(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Tensor:
    return (_row(b) - _distances(x, y, p)).logsumexp(-1, keepdim=True)


def _smallest(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Tensor:
    return (_distances(x, y, p) + _row(b)).sort(-1).values[..., :3]


PAIRS = {
    "Sum": Pair(
        Genred("Exp(-p * SqDist(x, y)) * b", ALIASES, axis=1),
        lambda x, y, b, p: (-_distances(x, y, p)).exp() @ b,
    ),
    "LogSumExp": Pair(Genred("b - p * SqDist(x, y)", ALIASES, "LogSumExp", axis=1), _log_sum_exp),
    "KMin": Pair(Genred("b + p * SqDist(x, y)", ALIASES, "KMin", axis=1, opt_arg=3), _smallest),
}


def arguments(rows: int = 3, columns: int = 5, batch: tuple[int, ...] = ()) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return x, y, b and p in float64."""
    shapes = ((*batch, rows, 2), (*batch, columns, 2), (*batch, columns, 1), (*batch, 1))
    x, y, b, p = (torch.randn(shape, dtype=torch.float64) for shape in shapes)
    return x, y, b, p.abs() + 0.2
