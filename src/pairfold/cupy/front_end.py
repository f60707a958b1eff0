"""The CuPy front end: reductions of arrays in the memory of a GPU, of whatever package.

An array of another package (Numba, JAX, PyTorch, ...) is taken where it lies, by the DLPack protocol, which also puts
streams in order, else by ``__cuda_array_interface__``. Results are CuPy arrays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pairfold.api import number_types
from pairfold.api.adapter import NUMPY, Adapter, lies_on_gpu
from pairfold.api.genred import GenredBase, make_generics
from pairfold.api.kernel_solve import KernelSolveBase, solve_routine
from pairfold.api.routine import Routine
from pairfold.engine import DeviceArray, Options, run_on_device
from pairfold.errors import ArgumentTypeError, ArgumentValueError, MissingPackageError, TargetError
from pairfold.ir.expr import Category, variables
from pairfold.ir.problem import Problem
from pairfold.lazy.complex_tensor import ComplexLazyTensorBase
from pairfold.lazy.methods import make_variables
from pairfold.lazy.tensor import LazyTensorBase

try:
    import cupy
except ModuleNotFoundError as error:
    if error.name != "cupy":
        raise
    raise MissingPackageError(
        "pairfold.cupy needs the package CuPy, which is not installed. Install it with `pip install cupy-cuda13x "
        "pairfold[cuda]` (cupy-cuda12x for a driver of CUDA 12); arrays on the CPU are for pairfold.numpy.",
        name="cupy",
    ) from None

__all__ = [
    "CUPY",
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Pm",
    "Var",
    "Vi",
    "Vj",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "send",
]

Array = Any
"""A cupy.ndarray; CuPy has no types that a checker could read."""

# ---------------------------------------------------------------- arrays


def _as_array(value: Any) -> Array:
    if isinstance(value, cupy.ndarray):
        return value
    if isinstance(value, (bool, int, float, complex)):
        return _from_numbers(value)
    if NUMPY.as_number(value) is not None:
        return cupy.asarray(value)
    kind = type(value).__name__
    if getattr(value, "requires_grad", False):
        raise ArgumentTypeError(
            f"found an object of type {kind} that tracks gradients, which CuPy arrays do not have. Use pairfold.torch, "
            "or give `tensor.detach()`."
        )
    if lies_on_gpu(value):
        return cupy.from_dlpack(value) if hasattr(value, "__dlpack__") else cupy.asarray(value)
    hint = ""
    if isinstance(value, np.ndarray) or hasattr(value, "__dlpack__"):
        hint = " This one lies in the memory of the CPU: send it with `cupy.asarray(array)`, or use pairfold.numpy."
    raise ArgumentTypeError(
        f"found an object of type {kind}; allowed are CuPy arrays, other arrays on a GPU that have "
        f"__cuda_array_interface__ or DLPack, and numbers.{hint}"
    )


def _taken_over(value: Any) -> Any:
    """Return an array of another package on a GPU as one of CuPy, and anything else as it is."""
    return value if isinstance(value, cupy.ndarray) or not lies_on_gpu(value) else _as_array(value)


def send(array: np.ndarray[Any, Any]) -> Array:
    """Return a copy of a NumPy array on the current device."""
    return cupy.asarray(array)


def _from_numbers(values: Any) -> Array:
    return send(NUMPY.from_numbers(values))


def _as_pairs(array: Array) -> Array:
    with array.device:
        return number_types.as_pairs(array)


def _from_pairs(array: Array) -> Array:
    with array.device:
        return number_types.from_pairs(array)


def _prepare(array: Array, dtype: Any, shape: Sequence[int] | None, stretched: Sequence[int] | None) -> Array:
    with array.device:
        result = number_types.as_pairs(array) if array.dtype.kind == "c" else array
        result = result.astype(dtype, copy=False)
        if shape is not None:
            result = result.reshape(tuple(shape))
        return result if stretched is None else cupy.broadcast_to(result, tuple(stretched))


def _empty(dtype: Any, args: Sequence[Array]) -> Array:
    with args[0].device if args else contextlib.nullcontext():
        return cupy.empty(0, dtype)


def _fill(out: Array, result: Array) -> None:
    with result.device:
        cupy.copyto(out, result)


# ---------------------------------------------------------------- the engine


class CupyMemory:
    """The memory and the current stream of CuPy on its current device."""

    def __init__(self, device: int) -> None:
        self.device = device
        self.stream = int(cupy.cuda.get_current_stream().ptr)

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Return a new array."""
        return cupy.empty(shape, dtype)

    def address(self, array: Array) -> int:
        """Return the address of an array."""
        return int(array.data.ptr)


_DEFAULT = Options()


def _run(
    problem: Problem,
    arrays: Sequence[Array | None],
    *,
    rows: int,
    columns: int,
    batch: tuple[int, ...] = (),
    ranges: Sequence[Any] | None = None,
    options: Options = _DEFAULT,
) -> tuple[Array, ...]:
    """Carry out a reduction; the call returns before the work is done, as CuPy's own functions do."""
    if options.target == "cpu":
        raise TargetError(
            "backend='CPU' was asked for, and the arrays are on a GPU. Fetch them with `array.get()` and use "
            "pairfold.numpy, or leave backend out."
        )
    device = _common_device(problem, arrays)
    dtype = next(array.dtype for array in arrays if array is not None)
    with cupy.cuda.Device(device):
        plain = [None if array is None else _addressable(array, dtype, device) for array in arrays]
        return run_on_device(
            problem,
            [None if array is None else _place(array) for array in plain],
            CupyMemory(device),
            dtype=dtype.name,
            rows=rows,
            columns=columns,
            batch=batch,
            ranges=None if ranges is None else (ranges[0], ranges[1], ranges[2]),
            options=options,
        )


def _common_device(problem: Problem, arrays: Sequence[Array | None]) -> int:
    """Return the device of the rows and columns; parameters may be elsewhere.

    Numbers in a program are arrays on the device that is the current one.
    """
    found = [None if array is None else int(array.device.id) for array in arrays]
    devices = {device for device in found if device is not None}
    if len(devices) > 1:
        category = {v.params[0]: v.params[2] for v in variables(*problem.roots)}
        points = {d for n, d in enumerate(found) if d is not None and category.get(n) != Category.PARAMETER}
        devices = points or devices
        if len(points) > 1:
            raise ArgumentValueError(
                f"The arrays are on different devices, numbers {', '.join(map(str, sorted(points)))}. Copy them to "
                "one, with `with cupy.cuda.Device(number): array = array.copy()`."
            )
    return min(devices)


def _addressable(array: Array, dtype: Any, device: int) -> Array:
    """Return an array of that type on the current device whose components lie side by side, as kernels read them."""
    if array.device.id != device:
        array = array.copy()
    array = array.astype(dtype, copy=False)
    if array.shape[-1] == 1 or array.strides[-1] == array.itemsize:
        return array
    return cupy.ascontiguousarray(array)


def _place(array: Array) -> DeviceArray:
    size = array.itemsize
    return DeviceArray(int(array.data.ptr), array.shape, tuple([step // size for step in array.strides]))


def _solve(routine: Routine, position: int, args: Sequence[Any], **settings: Any) -> Any:
    """Solve a linear system on the device of its right-hand side; see `solve_routine`."""
    arrays = [routine.as_array(arg, number) for number, arg in enumerate(args)]
    with arrays[position].device:
        return solve_routine(routine, position, arrays, xp=cupy, **settings)


CUPY = Adapter(
    name="CuPy",
    as_array=_as_array,
    from_numbers=_from_numbers,
    as_number=NUMPY.as_number,
    array_type=cupy.ndarray,
    working_dtype=NUMPY.working_dtype,
    computing_dtype=NUMPY.computing_dtype,
    is_real=NUMPY.is_real,
    is_complex=NUMPY.is_complex,
    as_pairs=_as_pairs,
    from_pairs=_from_pairs,
    permute=cupy.transpose,
    as_dtype=NUMPY.as_dtype,
    contiguous=cupy.ascontiguousarray,
    to_numpy=lambda array: array.get(),
    dtype_name=NUMPY.dtype_name,
    prepare=_prepare,
    empty=_empty,
    run=_run,
    fill=_fill,
    target="cuda",
)

# ---------------------------------------------------------------- classes


class Genred(GenredBase):
    """Generic reduction of a formula string on CuPy arrays, and on other arrays in the memory of a GPU.

    Parameters and exceptions are those of `pairfold.numpy.Genred`. Arguments of a call may also be numbers; results are
    CuPy arrays on the device of the arguments.

    Examples
    --------
    >>> import cupy
    >>> from pairfold.cupy import Genred
    >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    >>> x, b = cupy.zeros((3, 2)), cupy.ones((4, 1))
    >>> gaussian(x, cupy.zeros((4, 2)), b)
    array([[4.],
           [4.],
           [4.]])
    """

    adapter = CUPY

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - as in the base class
        routine = self._routine
        taken = [
            arg if isinstance(arg, cupy.ndarray) else routine.as_array(arg, number) for number, arg in enumerate(args)
        ]
        return super().__call__(*taken, **kwargs)


class KernelSolve(KernelSolveBase):
    """Solver of linear systems on CuPy arrays: ``alpha a + Sum F(..., a) = b`` for a.

    Parameters, conditions and exceptions are those of `pairfold.numpy.KernelSolve`.

    Examples
    --------
    >>> import cupy
    >>> from pairfold.cupy import KernelSolve
    >>> interpolate = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(1)", "y = Vj(1)", "a = Vj(1)"], "a", axis=1)
    >>> x = cupy.asarray([[0.0], [1.0], [2.0]])
    >>> a = interpolate(x, x, cupy.ones((3, 1)))
    >>> cupy.exp(-((x - x.T) ** 2)) @ a
    array([[1.],
           [1.],
           [1.]])
    """

    adapter = CUPY
    solver = staticmethod(_solve)


_generics = make_generics(Genred)
generic_sum = _generics["generic_sum"]
generic_logsumexp = _generics["generic_logsumexp"]
generic_argmin = _generics["generic_argmin"]
generic_argkmin = _generics["generic_argkmin"]


class LazyTensor(LazyTensorBase):
    """A tensor of shape (..., N, M, D) given by a formula of CuPy arrays, never stored.

    Parameters and exceptions are those of `pairfold.numpy.LazyTensor`, with arrays in the memory of a GPU.

    Examples
    --------
    >>> import cupy
    >>> from pairfold.cupy import LazyTensor
    >>> x, y = cupy.zeros((3, 1, 2)), cupy.ones((1, 4, 2))
    >>> ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1).sum(axis=1)
    array([[8.],
           [8.],
           [8.]])
    """

    __slots__ = ()
    adapter = CUPY
    # The operators of CuPy's arrays leave it to the other operand only so.
    __array_ufunc__ = None  # type: ignore[assignment]
    solver = staticmethod(_solve)

    def __new__(cls, x: Any = None, axis: int | None = None, is_complex: bool = False) -> Any:
        """Return a tensor of complex numbers where `x` holds some."""
        return super().__new__(cls, _taken_over(x), axis, is_complex)


class ComplexLazyTensor(ComplexLazyTensorBase, LazyTensor, real_type=LazyTensor):
    """A tensor of complex numbers of shape (..., N, M, D) given by a formula of CuPy arrays, never stored.

    Parameters, conventions and exceptions are those of `pairfold.numpy.ComplexLazyTensor`.

    Examples
    --------
    >>> import cupy
    >>> from pairfold.cupy import Vi, Vj
    >>> frequencies, times = cupy.asarray([[0.0], [1.0]]), cupy.asarray([[0.0], [cupy.pi]])
    >>> abs((Vi(frequencies) * Vj(times)).exp1j().sum(axis=1)).round(12)
    array([[2.],
           [0.]])
    """

    __slots__ = ()

    def __init__(self, x: Any, axis: int | None = None, is_complex: bool = True) -> None:
        super().__init__(_taken_over(x), axis, is_complex)


_variables = make_variables(LazyTensor)
Vi = _variables["Vi"]
Vj = _variables["Vj"]
Pm = _variables["Pm"]
Var = _variables["Var"]
