"""Block-sparse reductions: their derivatives see the same pairs, and the cluster functions give tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import pairfold.numpy.cluster as numpy_cluster
import pairfold.torch as pf
from pairfold.torch import cluster
from tests.torch.dense import PAIRS, arguments


@given(seed=st.integers(0, 1000), name=st.sampled_from(sorted(PAIRS)), axis=st.sampled_from([0, 1]))
def test_gradients_see_the_same_pairs(seed: int, name: str, axis: int) -> None:
    generator = torch.Generator(torch.get_default_device()).manual_seed(seed)
    rows, columns = (int(torch.randint(6, 20, (), generator=generator)) for _ in range(2))
    inputs = [t.requires_grad_() for t in arguments(rows, columns)]
    cuts = [torch.tensor([0, size // 3, 2 * size // 3, size]) for size in (rows, columns)]
    keep = torch.rand(3, 3, generator=generator) < 0.6
    keep[0] = keep[:, 0] = True
    blocks = [torch.stack([cut[:-1], cut[1:]], dim=1) for cut in cuts]
    ranges = cluster.from_matrix(*blocks, keep)
    mask = keep.repeat_interleave(cuts[0].diff(), 0).repeat_interleave(cuts[1].diff(), 1)
    found = reduce_lazily(name, axis, inputs, ranges=ranges)
    expected = reduce_densely(name, axis, inputs, mask)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found.sin().sum(), inputs), torch.autograd.grad(expected.sin().sum(), inputs)
    )


def reduce_lazily(name: str, axis: int, inputs: list[Tensor], **kwargs: Any) -> Tensor:
    x, y, b, p = inputs
    values = pf.Vj(b) - pf.Vi(x).sqdist(pf.Vj(y)) * pf.Pm(p)
    if name == "Sum":
        return values.exp().sum(axis, **kwargs)  # type: ignore[no-any-return]
    if name == "LogSumExp":
        return values.logsumexp(axis, **kwargs)  # type: ignore[no-any-return]
    return values.Kmin(2, axis, **kwargs)  # type: ignore[no-any-return]


def reduce_densely(name: str, axis: int, inputs: list[Tensor], mask: Tensor) -> Tensor:
    x, y, b, p = inputs
    values = b.T - ((x[:, None] - y) ** 2).sum(-1) * p
    if name == "Sum":
        return (values.exp() * mask).sum(axis)[:, None]
    if name == "LogSumExp":
        return values.masked_fill(~mask, -torch.inf).logsumexp(axis)[:, None]
    return values.masked_fill(~mask, torch.inf).sort(axis).values.movedim(axis, 1)[:, :2]


def test_second_derivatives_swap_the_ranges_back() -> None:
    inputs = [t.requires_grad_() for t in arguments(7, 5)]
    ranges = cluster.from_matrix(
        torch.tensor([[0, 3], [3, 7]]), torch.tensor([[0, 4], [4, 5]]), torch.tensor([[1, 0], [1, 1]])
    )
    mask = torch.tensor([[1, 1, 1, 1, 0]] * 3 + [[1] * 5] * 4).bool()

    def twice(result: Tensor) -> Any:
        first = torch.autograd.grad(result.sin().sum(), inputs, create_graph=True)
        return torch.autograd.grad(sum(g.sin().sum() for g in first), inputs)

    found = twice(reduce_lazily("Sum", 1, inputs, ranges=ranges))
    torch.testing.assert_close(found, twice(reduce_densely("Sum", 1, inputs, mask)))


def test_clusters_of_tensors_are_those_of_arrays() -> None:
    x = torch.rand(50, 2)
    labels = cluster.grid_cluster(x, 0.3)
    points = x.numpy(force=True)
    assert torch.equal(labels, torch.asarray(numpy_cluster.grid_cluster(points, 0.3)))
    assert torch.equal(cluster.tree_cluster(x, 8), torch.asarray(numpy_cluster.tree_cluster(points, 8)))
    weights = torch.rand(50)
    found = cluster.cluster_ranges_centroids(x, labels, weights)
    arrays = (points, labels.numpy(force=True), weights.numpy(force=True))
    expected = numpy_cluster.cluster_ranges_centroids(*arrays)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, torch.asarray(np.asarray(other)).to(one.dtype))
    assert [t.dtype for t in found] == [torch.int64, torch.float32, torch.float32]
    torch.testing.assert_close(cluster.cluster_centroids(x, labels, weights=weights), found[1])
    torch.testing.assert_close(cluster.cluster_ranges(labels), found[0])
    assert cluster.swap_axes(("a", "b", "c", "d", "e", "f")) == ("d", "e", "f", "a", "b", "c")


def test_sorting_is_differentiable() -> None:
    x = torch.rand(10, 2, requires_grad=True)
    labels = torch.tensor([1, 0] * 5)
    (found, other), ordered = cluster.sort_clusters((x, 2 * x), labels)
    assert ordered.tolist() == [0] * 5 + [1] * 5
    torch.testing.assert_close(found, torch.cat([x[1::2], x[::2]]))
    (gradient,) = torch.autograd.grad((found * other).sum(), x)
    torch.testing.assert_close(gradient, 4 * x)


def test_masks_work_on_tensors() -> None:
    inputs = arguments(6, 6)
    mask = (torch.arange(6)[:, None] - torch.arange(6)).abs() <= 1
    found = reduce_lazily("Sum", 1, list(inputs), ranges=cluster.band(1))
    torch.testing.assert_close(found, reduce_densely("Sum", 1, list(inputs), mask))
    six = cluster.band(1).ranges(6, 6)
    with pytest.raises(ValueError, match="the last three keep"):
        reduce_lazily("Sum", 1, list(inputs), ranges=(*six[:3], *cluster.band(2).ranges(6, 6)[3:]))
