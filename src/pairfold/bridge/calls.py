"""The commands of clients."""

from __future__ import annotations

import platform
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np

from pairfold import __version__
from pairfold.bridge.arrays import Buffer, Layout, packed, read_layout, unpacked
from pairfold.bridge.formulas import Declared, declared, solve_formula
from pairfold.bridge.message import Head, error_head, read_head, shown, written
from pairfold.bridge.steps import Program, read_program, replay, specs_of
from pairfold.errors import ArgumentTypeError, ArgumentValueError, BridgeError
from pairfold.lazy.reduction import LazyReduction
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.targets.cpu.compile import default_threads
from pairfold.targets.progress import reporting

__all__ = ["call"]

Answer = tuple[list[tuple[Any, ...]], Buffer]
Report = Callable[[int, int], Any]

OPTIONS = ("threads", "backend", "device_id", "progress", "sum_scheme", "dtype_acc")
"""What every computation takes."""


def call(head: str, data: Buffer = b"", report: Report | None = None) -> tuple[str, Buffer]:
    r"""Answer one request; the notation is described in `pairfold.bridge`.

    Parameters
    ----------
    head : str
        Command, version and lines.
    data : bytes
        The arrays.
    report : callable, optional
        ``report(done, total)`` is called now and then when the request asks for progress, from the calling thread;
        without it a bar is shown on the standard error output.

    Returns
    -------
    head : str
        ``ok`` and lines, or ``error``: no error is raised but `KeyboardInterrupt`.
    data : bytes
        The arrays of the result.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold
    >>> from pairfold.bridge import call
    >>> lines = [f"genred\t{pairfold.__version__}", "formula\tx * y", "alias\tx = Vi(1)", "alias\ty = Vj(1)"]
    >>> lines += ["reduction\tSum", "array\tfloat64\t2,1", "array\tfloat64\t3,1"]
    >>> head, data = call("\n".join(lines), np.array([1.0, 2.0, 1.0, 1.0, 1.0]).tobytes())
    >>> head.split("\n")[1].split("\t"), np.frombuffer(data)
    (['result', 'value', 'float64', '2,1'], array([3., 6.]))
    """
    try:
        request = _read(head)
        with reporting(report) if report else nullcontext():
            lines, answer = _COMMANDS[request.command](request, data)
        return written([("ok", __version__), *lines]), answer
    except RecursionError:
        return error_head(
            ArgumentValueError("The expression is nested too deeply; reduce parts of it first.")
        ), bytearray()
    except Exception as error:  # whatever goes wrong is told to the client
        return error_head(error), bytearray()


@lru_cache(maxsize=256)
def _read(head: str) -> Head:
    return read_head(head, _COMMANDS)


@contextmanager
def _warned(lines: list[tuple[Any, ...]]) -> Iterator[None]:
    """Add what Python warns of in this block to `lines`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    lines += [("warning", one.category.__name__, str(one.message)) for one in caught]


def _options(head: Head, further: Sequence[str] = ()) -> dict[str, Any]:
    options = head.options()
    for name in options:
        if name not in (*OPTIONS, *further):
            raise ArgumentTypeError(f"There is no option {shown(name)}; allowed are {', '.join((*OPTIONS, *further))}.")
    return options


def _hello(head: Head, data: Buffer) -> Answer:
    return [
        ("pairfold", __version__),
        ("python", platform.python_version()),
        ("executable", sys.executable),
        ("numpy", np.__version__),
        ("threads", default_threads()),
    ], bytearray()


# ---------------------------------------------------------------- expressions


@lru_cache(maxsize=256)
def _program(head: Head) -> tuple[Program, Layout, dict[str, Any]]:
    return read_program(head), read_layout(head), _options(head)


def _evaluate(head: Head, data: Buffer) -> Answer:
    program, layout, options = _program(head)
    told: list[tuple[Any, ...]] = []
    with _warned(told):
        value = replay(program, unpacked(specs_of(program), data, layout.order), options)
    if isinstance(value, str):
        return [("text", value), *told], bytearray()
    lines, answer = _results(value, layout)
    return [*lines, *told], answer


def _results(value: Any, layout: Layout) -> Answer:
    outputs = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(output, (np.ndarray, np.generic)) for output in outputs):
        kind = next(type(output).__name__ for output in outputs if not isinstance(output, (np.ndarray, np.generic)))
        waiting = isinstance(value, (LazyTensorBase, LazyReduction)) or callable(value)
        advice = " Reduce it over i or j, and give arrays for symbolic variables." if waiting else ""
        raise ArgumentTypeError(f"The last step gives no array but a {kind}.{advice}")
    lines, answer = packed(outputs, layout)
    return list(lines), answer


@lru_cache(maxsize=1024)
def _description(head: Head) -> list[tuple[Any, ...]]:
    program = _program(head)[0]
    tensor = replay(program, [spec.placeholder() for spec in specs_of(program)], {}, computes=False)
    if not isinstance(tensor, LazyTensorBase):
        raise ArgumentTypeError(f"describe is for LazyTensors; the last step gives a {type(tensor).__name__}.")
    shape = ",".join("-1" if size is None else str(size) for size in tensor.shape)
    kind = "complex" if tensor.is_complex else "real"
    return [("tensor", kind, "none" if tensor.dtype is None else tensor.dtype, shape, tensor.formula)]


def _describe(head: Head, data: Buffer) -> Answer:
    if len(data):
        raise BridgeError(f"describe is asked without data; found {len(data)} bytes.")
    return list(_description(head)), bytearray()


# ---------------------------------------------------------------- formulas


@lru_cache(maxsize=256)
def _declared(head: Head) -> tuple[Declared, Layout, dict[str, Any]]:
    return declared(head, _options(head)), read_layout(head), _options(head)


def _declare(head: Head, data: Buffer) -> Answer:
    return list(_declared(head)[0].facts()), bytearray()


def _genred(head: Head, data: Buffer) -> Answer:
    routine, layout, options = _declared(head)
    arrays = unpacked(routine.specs, data, layout.order)
    return _results(routine(arrays, options), layout)


def _solve(head: Head, data: Buffer) -> Answer:
    settings = ("alpha", "eps", "rtol", "maxiter", "preconditioner", "on_failure")
    options, layout = _options(head, settings), read_layout(head)
    told: list[tuple[Any, ...]] = []
    with _warned(told):
        value = solve_formula(head, options, lambda specs: unpacked(specs, data, layout.order))
    lines, answer = _results(value, layout)
    return [*lines, *told], answer


_COMMANDS: dict[str, Callable[[Head, Buffer], Answer]] = {
    "hello": _hello,
    "describe": _describe,
    "evaluate": _evaluate,
    "declare": _declare,
    "genred": _genred,
    "solve": _solve,
}
