"""States as routines and LazyTensors of every front end make and finish them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pairfold as pf
import pairfold.numpy as pn
from pairfold.engine import State
from pairfold.errors import ArgumentTypeError, ArgumentValueError, NotDifferentiableError
from pairfold.pykeops.numpy import Genred as KeopsGenred
from pairfold.reductions import REDUCTIONS

N, M = 7, 50
CUTS = ((0, 20), (20, 20), (20, 50))
METHODS = sorted({r.method for r in REDUCTIONS.values() if r.method is not None})


def points(dtype: str = "float64") -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    return random.random((N, 3)).astype(dtype), random.random((M, 3)).astype(dtype)


def merged(part: Callable[[int, int], State]) -> State:
    first, *others = (part(*ends) for ends in reversed(CUTS))
    return pickle.loads(pickle.dumps(first.merge(*others)))  # type: ignore[no-any-return]


def close(found: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            close(one, other)
        return
    assert type(found) is type(expected)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1])
def test_routines(dtype: str, axis: int) -> None:
    """With axis=0 the rows are what is cut."""
    x, y = points(dtype)
    x, y = (x, y) if axis == 1 else (y, x)
    routine = pn.Genred("Exp(-SqDist(x, y)) * g", ["x = Vi(3)", "y = Vj(3)", "g = Pm(1)"], axis=axis)

    def part(first: int, last: int) -> State:
        given = (x, y[first:last]) if axis == 1 else (x[first:last], y)
        return routine.partial(*given, 2, columns_from=first, threads=1)

    state = merged(part)
    assert {array.dtype.name for array in state.fields.values()} == {"float32" if dtype == "float16" else dtype}
    close(routine.finish(state), routine(x, y, 2))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("axis", [0, 1])
def test_every_method_that_reduces(method: str, axis: int) -> None:
    x, y = points()
    x, y = (x, y) if axis == 1 else (y, x)
    reduction = next(r for r in REDUCTIONS.values() if r.method == method)

    def tensor(first: int, last: int) -> tuple[Any, tuple[Any, ...]]:
        i, j = (x, y[first:last]) if axis == 1 else (x[first:last], y)
        difference = ((pn.Vi(i) - pn.Vj(j)) ** 2).sum(-1)
        weight = (pn.Vj(j),) if reduction.needs_weight else ()
        return difference, (10,) if reduction.needs_k else weight

    def part(first: int, last: int) -> State:
        own, arguments = tensor(first, last)
        state: State = own.partial(method, *arguments, axis=axis, columns_from=first)
        return state

    whole, arguments = tensor(0, M)
    close(whole.finish(merged(part)), getattr(whole, method)(*arguments, axis=axis))


def test_reductions_that_wait_for_arguments() -> None:
    x, y = points()
    nearest = ((pn.Vi(0, 3) - pn.Vj(1, 3)) ** 2).sum(-1).argKmin(3, axis=1)
    close(nearest.finish(merged(lambda a, b: nearest.partial(x, y[a:b], columns_from=a))), nearest(x, y))
    with pytest.raises(ArgumentTypeError, match="The call has no keyword 'axis'"):
        nearest.partial(x, y, axis=1)


def test_complex_numbers() -> None:
    x, y = points()
    whole = pn.LazyTensor((x + 1j * x)[:, None]) * pn.LazyTensor(y[None])

    def part(first: int, last: int) -> State:
        own = pn.LazyTensor((x + 1j * x)[:, None]) * pn.LazyTensor(y[None, first:last])
        state: State = own.partial("sum", axis=1, columns_from=first)
        return state

    close(whole.finish(merged(part)), whole.sum(axis=1))


def test_weights_and_settings() -> None:
    x, y = points("float32")
    routine = pn.Genred("-SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "LogSumExp", 1, formula2="y", dtype_acc="float64")
    state = merged(lambda a, b: routine.partial(x, y[a:b], columns_from=a, backend="CPU"))
    close(routine.finish(state), routine(x, y))
    assert state.fields["weighted"].dtype == np.float64


def test_the_conventions_of_keops() -> None:
    """Column 0 stands for nobody."""
    routine = KeopsGenred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], reduction_op="ArgMin", axis=1)
    x = np.full((2, 3), np.nan)
    assert routine.finish(routine.partial(x, x, columns_from=5)).tolist() == [[0], [0]]


def test_names_that_look_at_the_arrays() -> None:
    x, y = points()
    routine = pf.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "ArgMin", axis=1)
    close(routine.finish(merged(lambda a, b: routine.partial(x, y[a:b], columns_from=a))), routine(x, y))


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    x, y = map(torch.from_numpy, points("float32"))
    routine = pf.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "KMin", axis=1, opt_arg=3)
    close(routine.finish(merged(lambda a, b: routine.partial(x, y[a:b], columns_from=a))), routine(x, y))
    half = x.bfloat16()
    summed = pf.Vi(half) + pf.Vj(half)
    found = summed.finish(summed.partial("sum", axis=1))
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, summed.sum(axis=1))
    waiting = (pf.Vi(0, 3) - pf.Vj(1, 3)).sum(axis=1)
    close(waiting.finish(merged(lambda a, b: waiting.partial(x, y[a:b], columns_from=a))), waiting(x, y))
    y.requires_grad_()
    with pytest.raises(NotDifferentiableError, match=r"A state carries no derivatives.* Give `tensor.detach\(\)`"):
        routine.partial(x, y)
    with torch.no_grad():
        routine.partial(x, y)


@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")
def test_compiled_programs() -> None:
    torch = pytest.importorskip("torch")
    x, y = map(torch.from_numpy, points())
    routine = pf.torch.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)

    def summed(x: Any) -> Any:
        return routine.finish(routine.partial(x, y))

    with pytest.raises(
        NotDifferentiableError, match=r"torch\.compile or a DTensor is at work.* decorator torch\.compiler\.disable"
    ):
        torch.compile(summed, backend="eager")(x)
    aside = torch.compiler.disable(summed)
    close(torch.compile(lambda x: aside(2 * x) / 2, backend="eager")(x), routine(2 * x, y) / 2)


def test_masks_of_parts() -> None:
    """Masks count the columns of their own part."""
    x, _ = points()
    routine = pn.Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    first, last = (routine.partial(x, x[c : c + 5], columns_from=c, ranges=pn.lower(diagonal=-c)) for c in (0, 5))
    close(routine.finish(first.merge(last)), routine(x, x, ranges=pn.lower()))


# ---------------------------------------------------------------- what is refused


def test_states_of_another_routine() -> None:
    x, y = points()
    aliases = ["x = Vi(3)", "y = Vj(3)"]
    squared, nearest = pn.Genred("SqDist(x, y)", aliases, axis=1), pn.Genred("SqDist(x, y)", aliases, "ArgMin", axis=1)
    state = nearest.partial(x, y)
    with pytest.raises(
        ArgumentValueError, match=r"The state is one of ArgMin of .*, and this routine computes Sum of .*\. A state is"
    ):
        squared.finish(state)
    for finish in (squared.finish, (pn.Vi(x) - pn.Vj(y)).finish):
        with pytest.raises(ArgumentTypeError, match="A state is finished, as `partial` gives it; found an object of"):
            finish(x)


def test_arguments_of_partial() -> None:
    x, y = points()
    routine = pn.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    with pytest.raises(
        ArgumentTypeError, match=r"columns_from is 1\.5; it is an integer, the number of the first column"
    ):
        routine.partial(x, y, columns_from=1.5)  # type: ignore[arg-type]
    with pytest.raises(
        ArgumentTypeError, match=r"There is no keyword 'column_from' here\. Did you mean 'columns_from'"
    ):
        routine.partial(x, y, column_from=1)
    lazy = pn.Vi(x) - pn.Vj(y)
    with pytest.raises(ArgumentValueError, match=r"No method that reduces is called 'summ'\. Did you mean 'sum'"):
        lazy.partial("summ", axis=1)
    with pytest.raises(ArgumentTypeError, match=r"call= and partial\(\) are for reductions over i or j"):
        lazy.partial("sum")
    with pytest.raises(
        ArgumentValueError, match=r"in steps: out=, call=False, partial\(\) and symbolic variables are for"
    ):
        lazy.partial("sum", axis=(0, 1))
    with pytest.raises(ArgumentTypeError, match=r"partial\(\) has no call=: it computes at once"):
        lazy.partial("sum", axis=1, call=True)
    with pytest.raises(ArgumentValueError, match=r"No method that reduces is called \['sum'\]"):
        lazy.partial(["sum"], axis=1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="A state has no out="):
        lazy.partial("sum", axis=1, out=np.empty((N, 3)))
