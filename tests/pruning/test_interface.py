"""How a tolerance is asked for, in every front end, and what is said about what was done."""

from __future__ import annotations

import asyncio
import gc
import pickle
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pairfold
from pairfold.engine import Call, Options
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.call import Tolerance
from pairfold.pruning import CURRENT, GivenUp, Report, choice, trees
from pairfold.pruning.budget import Budget
from pairfold.pruning.report import record, with_report
from pairfold.pruning.trees import Trees
from pairfold.pykeops.numpy import LazyTensor as KeopsTensor
from pairfold.reductions import REDUCTIONS
from pairfold.solvers.nystrom import Nystrom

X = np.random.default_rng(0).random((300, 3))
B = np.random.default_rng(1).random((300, 1))
GAUSSIAN = ("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"])

Array = Any
Converter = Callable[[Any], Any]


@pytest.fixture(params=["numpy", "torch", "jax"])
def framework(request: pytest.FixtureRequest) -> tuple[ModuleType, Converter]:
    """Return the front end of a framework, and the function that makes its arrays."""
    room = import_module(f"pairfold.{request.param}")
    makers: dict[str, str] = {"numpy": "asarray", "torch": "as_tensor", "jax": "numpy.asarray"}
    maker: Any = import_module(request.param)
    for name in makers[request.param].split("."):
        maker = getattr(maker, name) if hasattr(maker, name) else import_module(f"{request.param}.{name}")
    return room, lambda array: maker(np.asarray(array, np.float32))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Let every reduction with a tolerance be looked at by a strategy that is never of any help, and list the calls."""
    calls: list[Call] = []

    def looks(call: Call, arrays: Sequence[Array], known: Trees, budget: Budget) -> GivenUp:
        calls.append(call)
        for position, variable in call.problem.arguments.items():
            if variable.dim == 3:
                known.of(arrays[position].reshape(arrays[position].shape[-2:]))
        return GivenUp("it only looks")

    monkeypatch.setattr(choice, "STRATEGIES", (looks,))
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(choice, "PAIRS_PER_POINT", 0)
    return calls


def tolerances(seen: list[Call]) -> list[tuple[float | None, float | None]]:
    return [(call.options.tolerance.tol, call.options.tolerance.atol) for call in seen if call.options.tolerance]


# ---------------------------------------------------------------- who asks, and how


def test_calls_of_routines(framework: tuple[ModuleType, Converter], seen: list[Call]) -> None:
    room, of = framework
    routine = room.Genred(*GAUSSIAN, axis=1)
    plain = routine(of(X), of(X), of(B))
    assert not seen
    found, report = routine(of(X), of(X), of(B), tol=1e-3, atol=0.5, report=True)
    assert tolerances(seen) == [(1e-3, 0.5)]
    np.testing.assert_array_equal(np.asarray(found), np.asarray(plain))
    assert (report.kind, report.why, report.pairs, report.bound) == ("exhaustive", "it only looks", 1.0, 0.0)
    assert [name for name, _ in report.seconds] == ["planning", "reducing"]
    routine(of(X), of(X), of(B), atol=0.25)
    routine(of(X), of(X), of(B), tol=0)
    assert tolerances(seen)[1:] == [(None, 0.25), (0.0, None)]


REDUCING: dict[str, tuple[Any, ...]] = {
    reduction.method: ((3,) if reduction.needs_k else ())
    for reduction in REDUCTIONS.values()
    if reduction.method is not None and not reduction.needs_weight
}


@pytest.mark.parametrize("method", sorted(REDUCING))
def test_reductions_of_tensors(method: str, seen: list[Call]) -> None:
    """Every method that reduces takes a tolerance, over i and over j, and returns a report beside the same result."""
    from pairfold.numpy import Vi, Vj  # noqa: PLC0415 - the names of a framework

    tensor = Vi(X).sqdist(Vj(X[:200])) - 1
    for axis in (0, 1):
        plain = getattr(tensor, method)(*REDUCING[method], axis=axis)
        found, report = getattr(tensor, method)(*REDUCING[method], axis=axis, tol=1e-2, report=True)
        np.testing.assert_equal(found, plain)
        assert isinstance(report, Report)
        assert set(tolerances(seen)) == {(1e-2, None)}


def test_weights_axes_and_results(framework: tuple[ModuleType, Converter], seen: list[Call]) -> None:
    """With a weight, kept axes, another dtype, several axes: the report stands beside what is returned otherwise."""
    room, of = framework
    tensor = (-room.Vi(of(X)).sqdist(room.Vj(of(X)))).exp()
    weight = room.Vj(of(B))
    for reduce in (
        lambda **kwargs: tensor.sumsoftmaxweight(weight, axis=1, **kwargs),
        lambda **kwargs: tensor.sum(axis=1, keepdims=True, **kwargs),
        lambda **kwargs: tensor.sum(axis=(0, 1), **kwargs),
        lambda **kwargs: tensor.mean(axis=(0, 1), keepdims=True, **kwargs),
        lambda **kwargs: tensor.min_argmin(axis=1, **kwargs),
        lambda **kwargs: tensor.matvec(of(B), **kwargs),
        lambda **kwargs: tensor.matvec(of(B)[:, 0], **kwargs),
        lambda **kwargs: tensor.reduction("Sum", axis=1, **kwargs),
    ):
        del seen[:]
        plain = reduce()
        assert not seen
        found, report = reduce(tol=1e-3, report=True)
        for one, other in zip(*map(_several, (found, plain)), strict=True):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
        assert set(tolerances(seen)) == {(1e-3, None)}
        assert report.kind == "exhaustive"


def _several(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def test_reductions_that_wait(seen: list[Call]) -> None:
    tensor = pairfold.Vi(X).sqdist(pairfold.Vj(0, 3))
    waiting = tensor.sum(axis=1, tol=1e-3)
    waiting(X)
    waiting(X, tol=1e-5)
    _, report = tensor.sum(axis=1, report=True)(X)
    assert tolerances(seen) == [(1e-3, None), (1e-5, None)]
    assert "no tolerance" in report.why
    vector = tensor.exp().matvec(np.ones(300), call=False, tol=1e-4)
    vector(X)
    assert tolerances(seen)[2:] == [(1e-4, None)]


def test_the_alias(seen: list[Call]) -> None:
    """Under the name of pykeops the argument is taken where it is given."""
    tensor = ((KeopsTensor(X[:, None]) - KeopsTensor(X[None])) ** 2).sum(-1)
    found, report = tensor.argKmin(4, dim=1, tol=0, report=True)
    np.testing.assert_array_equal(found, tensor.argKmin(4, dim=1))
    assert tolerances(seen) == [(0.0, None)]
    assert report.kind == "exhaustive"


# ---------------------------------------------------------------- contexts


def test_contexts(framework: tuple[ModuleType, Converter], seen: list[Call]) -> None:
    room, of = framework
    tensor = room.Vi(of(X)).sqdist(room.Vj(of(X)))

    def asked() -> list[tuple[float | None, float | None]]:
        del seen[:]
        tensor.sum(axis=1)
        return tolerances(seen)

    with pairfold.tolerance(1e-3):
        assert asked() == [(1e-3, None)]
        with room.tolerance(1e-5, atol=1.0):
            assert asked() == [(1e-5, 1.0)]
            with pairfold.tolerance(None):
                assert asked() == []
                tensor.sum(axis=1, tol=0.5)
                assert tolerances(seen) == [(0.5, None)]
        assert asked() == [(1e-3, None)]
        with pytest.raises(ArgumentTypeError), pairfold.tolerance(0):
            tensor.sum(axis=1, tol="an error")
        assert asked() == [(1e-3, None)]
        tensor @ of(B)
        assert tolerances(seen)[1:] == [(1e-3, None)]
    assert asked() == []


def test_contexts_of_threads_and_tasks() -> None:
    """Each has its own; a task starts with that of the one that it was started from."""
    started, inside = threading.Event(), threading.Event()
    found: list[Tolerance | None] = []

    def other() -> None:
        started.wait(30)
        found.append(CURRENT.get())
        with pairfold.tolerance(0.5):
            inside.set()
            found.append(CURRENT.get())

    thread = threading.Thread(target=other)
    thread.start()
    with pairfold.tolerance(0.25):
        started.set()
        assert inside.wait(30)
        assert CURRENT.get() == Tolerance(0.25)
    thread.join()
    assert found == [None, Tolerance(0.5)]

    async def task(tol: float) -> Tolerance | None:
        with pairfold.tolerance(tol):
            await asyncio.sleep(0.001)
            return CURRENT.get()

    async def both() -> list[Any]:
        with pairfold.tolerance(0.125):
            tasks = await asyncio.gather(task(0.25), task(0.5))
            return [*tasks, CURRENT.get()]

    assert asyncio.run(both()) == [Tolerance(0.25), Tolerance(0.5), Tolerance(0.125)]


def test_reports_of_all_that_happens_inside(seen: list[Call]) -> None:
    tensor = (-pairfold.Vi(X).sqdist(pairfold.Vj(X))).exp()
    with pairfold.collect_reports() as outer, pairfold.tolerance(1e-3):
        tensor.sum(axis=1)
        with pairfold.collect_reports() as inner:
            tensor.max(axis=1)
        _, report = tensor.logsumexp(axis=1, report=True)
        with pairfold.tolerance(None):
            tensor.sum(axis=1)
    assert (len(outer), len(inner)) == (3, 1)
    assert outer[1:] == [inner[0], report]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("value", [-1e-3, float("nan"), float("inf"), -float("inf"), np.float32("nan")])
@pytest.mark.parametrize("name", ["tol", "atol"])
def test_numbers_that_are_no_tolerance(name: str, value: float) -> None:
    tensor = pairfold.Vi(X).sqdist(pairfold.Vj(X))
    routine = pairfold.Genred(*GAUSSIAN, axis=1)
    for call in (
        lambda: tensor.sum(axis=1, **{name: value}),
        lambda: routine(X, X, B, **{name: value}),
        lambda: pairfold.tolerance(**{name: value}).__enter__(),
    ):
        with pytest.raises(ArgumentValueError, match=f"{name} is .*; a tolerance is finite and at least 0"):
            call()


@pytest.mark.parametrize("value", ["1e-3", True, [1e-3], 1j])
def test_no_numbers(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=r"tol is .*; it is a number"):
        pairfold.Vi(X).sqdist(pairfold.Vj(X)).sum(axis=1, tol=value)


def test_numbers_of_numpy(seen: list[Call]) -> None:
    pairfold.Vi(X).sqdist(pairfold.Vj(X)).sum(axis=1, tol=np.float32(0.5), atol=np.int64(2))
    assert tolerances(seen) == [(0.5, 2.0)]


def test_states_are_of_all_pairs(seen: list[Call]) -> None:
    """Explicitly asked it is refused; a context has no part in it."""
    routine = pairfold.Genred(*GAUSSIAN, axis=1)
    tensor = pairfold.Vi(X).sqdist(pairfold.Vj(X))
    for call in (
        lambda: routine.partial(X, X, B, tol=1e-3),
        lambda: tensor.partial("sum", axis=1, atol=1e-3),
        lambda: tensor.sum(axis=1, call=False).partial(tol=1e-3),
        lambda: tensor.sum(axis=1, call=False).partial(report=True),
    ):
        with pytest.raises(ArgumentTypeError, match=r"What is reduced in parts has no .*: all pairs of each part"):
            call()
    with pairfold.tolerance(1e-2), pairfold.collect_reports() as reports:
        state = routine.partial(X[:, :], X[:100], B[:100]).merge(routine.partial(X, X[100:], B[100:], columns_from=100))
    np.testing.assert_allclose(routine.finish(state), routine(X, X, B))
    assert not seen
    assert {report.why for report in reports} == {"the state of a part is made of all its pairs"}


def test_the_last_axis() -> None:
    with pytest.raises(ArgumentTypeError, match="tol= is for reductions over i or j"):
        pairfold.Vi(X).sqdist(pairfold.Vj(X)).sum(-1, tol=1e-3)


def test_few_pairs_and_ranges_are_not_looked_at(seen: list[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = pairfold.Vi(X).sqdist(pairfold.Vj(X))
    _, report = tensor.sum(axis=1, tol=1e-3, ranges=pairfold.band(3), report=True)
    assert "ranges say already" in report.why
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 90_001)
    _, report = tensor.sum(axis=1, tol=1e-3, report=True)
    assert "fewer than 90001 pairs" in report.why
    assert not seen
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(choice, "PAIRS_PER_POINT", 200)
    _, report = tensor.sum(axis=1, tol=1e-3, report=True)
    assert report.why.startswith("300 rows and 300 columns have so few pairs for each point")
    assert not seen
    # What is sorted already costs nothing.
    pairfold.Vi(X).sqdist(pairfold.Vj(pairfold.numpy.Tree(X))).sum(axis=1, tol=1e-3)
    assert len(seen) == 1


# ---------------------------------------------------------------- trees


def test_a_tree_is_sorted_once(framework: tuple[ModuleType, Converter], seen: list[Call], monkeypatch: Any) -> None:
    """Whatever reduction, on whatever side, as often as one likes."""
    room, of = framework
    sorted_arrays: list[Any] = []
    build = trees.build_tree
    monkeypatch.setattr(
        trees, "build_tree", lambda points, *scales: (sorted_arrays.append(points), build(points, *scales))[1]
    )
    tree = pairfold.Tree(of(X))
    assert isinstance(tree, room.Tree)
    assert isinstance(tree, pairfold.Tree)
    routine = room.Genred(*GAUSSIAN, axis=1)
    for _ in range(3):
        routine(tree, tree, of(B), tol=1e-3)
        room.Vi(tree).sqdist(room.Vj(tree)).argKmin(3, axis=1, tol=0)
        room.LazyTensor(tree, axis=0).sqdist(room.LazyTensor(tree, axis=1)).sum(axis=0, tol=1e-3)
        (room.Vi(tree) - room.Vj(tree)).sqnorm2().sum(axis=1)
    assert len(sorted_arrays) == 1
    np.testing.assert_array_equal(sorted_arrays[0], np.asarray(X, np.float32))
    plain = room.Vi(of(X)).sqdist(room.Vj(of(X)))
    plain.sum(axis=1, tol=1e-3)
    plain.sum(axis=1, tol=1e-3)
    # Arrays that are none are sorted for every call: once, where rows and columns are one array.
    assert len(sorted_arrays) in (3, 5)


def test_a_tree_is_a_copy_and_goes_when_it_goes() -> None:
    before = len(trees._ANNOUNCED)
    points = X.copy()
    tree = pairfold.numpy.Tree(points)
    assert len(trees._ANNOUNCED) == before + 1
    points[:] = 0
    np.testing.assert_array_equal(tree.array, X)
    with pytest.raises(ValueError, match="read-only"):
        tree.array[0] = 0
    tensor = pairfold.Vj(tree)
    del tree
    gc.collect()
    # A tensor of it is of use as long as it lives.
    assert len(trees._ANNOUNCED) == before + 1
    del tensor
    gc.collect()
    assert len(trees._ANNOUNCED) == before


def test_a_tree_that_numpy_sees_as_a_copy_is_not_announced() -> None:
    """Its place in memory would soon be that of something else."""
    torch = pytest.importorskip("torch")
    before = len(trees._ANNOUNCED)
    tree = pairfold.Tree(torch.as_tensor(X).to(torch.bfloat16))
    assert len(trees._ANNOUNCED) == before
    assert pairfold.Vi(tree).sqdist(pairfold.Vj(tree)).sum(axis=1, tol=1e-3).shape == (300, 1)


def test_facts_of_a_tree(framework: tuple[ModuleType, Converter]) -> None:
    room, of = framework
    tree = room.Tree(of(X))
    assert (tree.shape, len(tree), tree.dtype) == ((300, 3), 300, of(X).dtype)
    assert repr(tree) == "Tree of 300 points of dimension 3"
    again = pickle.loads(pickle.dumps(tree))
    assert type(again) is type(tree)
    np.testing.assert_array_equal(np.asarray(again.array), np.asarray(tree.array))
    assert room.Tree(tree).shape == (300, 3)


def test_batches_of_trees(seen: list[Call]) -> None:
    tree = pairfold.Tree(np.stack([X, X + 1]))
    assert (pairfold.Vi(tree).sqdist(pairfold.Vj(X))).sum(axis=1).shape == (2, 300, 1)
    with_trees = Trees()
    assert with_trees.of(tree.array[1]) is Trees().of(tree.array[1])
    assert with_trees.of(tree.array[1]) is not with_trees.of(tree.array[0])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.ones(3), "has shape \\(3,\\)"),
        (np.ones((3, 2), int), "found the dtype int64"),
        (np.ones((3, 2), complex), "found the dtype complex128"),
        ("points", "found an object of type str"),
        (None, "found an object of type NoneType"),
    ],
)
def test_what_is_no_tree(points: Any, message: str) -> None:
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match=message):
        pairfold.numpy.Tree(points)


def test_a_tree_of_another_framework() -> None:
    torch = pytest.importorskip("torch")
    tree = pairfold.numpy.Tree(X)
    with pytest.raises(ArgumentTypeError, match="ndarray"):
        pairfold.torch.Vi(tree)
    with pytest.raises(ArgumentTypeError, match="ndarray"):
        pairfold.torch.Genred(*GAUSSIAN, axis=1)(torch.as_tensor(X), tree, torch.as_tensor(B))


# ---------------------------------------------------------------- reports


def test_reports_are_read_in_one_look() -> None:
    stages = (("trees", 0.1), ("walk", 0.1), ("reducing", 0.3))
    assert repr(Report("guaranteed", 1.2e-4, 0.03, stages, every_pair=10.0)) == (
        "Report(guaranteed: errors at most 0.00012; 3 % of the pairs; 0.5 s = trees 0.1 + walk 0.1 + reducing 0.3, "
        "about 20 times faster)"
    )
    assert repr(Report("exact", pairs=0.5)) == "Report(exact: 50 % of the pairs)"
    assert repr(Report("checked", 2e-5)) == "Report(checked: errors on a sample of rows up to 2e-05)"
    assert repr(Report("exhaustive", why="boxes overlap")) == "Report(exhaustive: boxes overlap)"
    assert repr(Report("exhaustive")) == "Report(exhaustive)"
    assert repr(Report("exact", 0.0, 1.0, (("walk", 1.0),), "", 0.5)) == (
        "Report(exact: 1 s = walk 1, about 2 times slower)"
    )


def test_the_time_of_every_pair_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a few rows, when somebody wants to know."""

    def nothing(call: Call, arrays: Sequence[Array], known: Trees, budget: Budget) -> tuple[tuple[Array, ...], Report]:
        return (np.zeros((300, 1)),), Report("exact", seconds=(("walk", 1e-9),))

    monkeypatch.setattr(choice, "STRATEGIES", (nothing,))
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(choice, "PAIRS_PER_POINT", 0)
    monkeypatch.setattr(choice, "MEASURED_PAIRS", 3000)
    tensor = pairfold.Vi(X).sqdist(pairfold.Vj(X))
    with pairfold.tolerance(0):
        tensor.sum(axis=1)
        _, report = tensor.sum(axis=1, report=True)
    assert report.every_pair > 1e-7
    assert report.speedup > 100


def test_explain_mentions_the_plan(seen: list[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    routine = pairfold.Genred(*GAUSSIAN, axis=1)
    tensor = pairfold.Vi(X).sqdist(pairfold.Vj(X))
    assert "tolerance" not in routine.explain(X, X, B)
    for text in (routine.explain(X, X, B, tol=1e-3), tensor.explain(tol=1e-3)):
        assert "tolerance tol=0.001: looks; every pair, if none of them helps" in text
    with pairfold.tolerance(0, atol=2):
        assert "tolerance tol=0, atol=2: " in tensor.explain("Max")
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 90_001)
    assert "every pair is looked at: there are fewer than 90001 pairs" in routine.explain(X, X, B, tol=1e-3)


def test_one_report_of_several_reductions() -> None:
    def several() -> int:
        record(Report("exact", 0.0, 0.5, (("walk", 1.0), ("reducing", 1.0))))
        record(Report("guaranteed", 1e-3, 0.1, (("walk", 0.5),), why="a"))
        record(Report("exhaustive", why="b"))
        return 5

    result, report = with_report(several)
    assert result == 5
    assert report == Report("guaranteed", 1e-3, 1.6 / 3, (("walk", 1.5), ("reducing", 1.0)), "a; b")


# ---------------------------------------------------------------- solvers


def test_solvers_bound_what_products_may_miss(seen: list[Call]) -> None:
    """Products are no worse than a tenth of what the iteration stops at; residuals are absolute."""
    tensor = (-pairfold.Vi(X).sqdist(pairfold.Vj(X)) * 20).exp()
    plain = tensor.solve(B, alpha=0.1, rtol=1e-4)
    assert not seen
    found, report = tensor.solve(B, alpha=0.1, rtol=1e-4, tol=1e-2, return_report=True)
    np.testing.assert_array_equal(found, plain)
    assert report.converged
    asked = tolerances(seen)
    products = [tol for tol, atol in asked if atol is None]
    residuals = [atol for tol, atol in asked if tol is None]
    assert len(products) == report.iterations
    assert len(products) + len(residuals) == len(asked)
    np.testing.assert_allclose(products, 1e-5)
    # The right-hand side is scaled to have 1 for its largest number.
    scaled = np.linalg.norm(B) / np.abs(B).max()
    np.testing.assert_allclose(residuals, 0.1 * 1e-4 * scaled / np.sqrt(300), rtol=1e-6)
    del seen[:]
    with pairfold.tolerance(1e-7):
        pairfold.KernelSolve("Exp(-SqDist(x, y) * 20) * a", [*GAUSSIAN[1][:2], "a = Vj(1)"], "a", axis=1)(
            X, X, B, alpha=0.1, rtol=1e-4, preconditioner=Nystrom(10)
        )
    assert {tol for tol, _ in tolerances(seen)} == {1e-7, None}
    with pytest.raises(ArgumentTypeError, match="atol"):
        tensor.solve(B, atol=1e-3)


def test_a_tolerance_is_part_of_the_options() -> None:
    assert Options().tolerance is None
    assert hash(Options(tolerance=Tolerance(1e-3))) != hash(Options())
