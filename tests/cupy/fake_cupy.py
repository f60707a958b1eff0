"""A stand-in for CuPy without a GPU: arrays in host memory that, like those of CuPy, never become NumPy arrays unasked.

Kernels of the interpreter may use an array once its address has been asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tests.ptx_interpreter.driver import FakeDriver

__all__ = ["FakeCupy"]


class FakeArray:
    """Plays cupy.ndarray."""

    __array_priority__ = 100
    __hash__ = None
    module: FakeCupy

    def __init__(self, host: Any) -> None:
        self.host = np.asarray(host)
        self.device = FakeDevice(self.module, self.module.current)

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    itemsize = property(lambda self: self.host.itemsize)
    nbytes = property(lambda self: self.host.nbytes)
    strides = property(lambda self: self.host.strides)
    T = property(lambda self: self._derived(self.host.T))

    @property
    def data(self) -> SimpleNamespace:
        self.module.open(self.host)
        return SimpleNamespace(ptr=self.host.ctypes.data)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self.host.__array_interface__

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.device.id

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.host

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def get(self) -> np.ndarray[Any, Any]:
        return self.host.copy()

    def tolist(self) -> Any:
        return self.host.tolist()

    def _derived(self, host: Any) -> FakeArray:
        result = type(self)(host)
        result.device = self.device
        return result

    def _called(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.module.call(getattr(np.ndarray, name), self, *args, **kwargs)

    def astype(self, dtype: Any, order: str = "K", copy: bool = True) -> FakeArray:
        unchanged = self.dtype == dtype and not copy and (order == "K" or self.host.flags.c_contiguous)
        return self if unchanged else self._called("astype", dtype, order=order)

    def copy(self) -> FakeArray:
        # As in CuPy, the copy is on the current device.
        return type(self)(self.host.copy())

    def view(self, dtype: Any) -> FakeArray:
        return self._called("view", dtype)

    def reshape(self, *shape: Any) -> FakeArray:
        return self._called("reshape", *shape)

    def transpose(self, *axes: Any) -> FakeArray:
        return self._called("transpose", *axes)

    def swapaxes(self, first: int, second: int) -> FakeArray:
        return self._called("swapaxes", first, second)

    def round(self, decimals: int = 0) -> FakeArray:
        return self._called("round", decimals)

    def __getitem__(self, key: Any) -> FakeArray:
        return self._derived(self.host[key])

    def __setitem__(self, key: Any, value: FakeArray) -> None:
        self._called("__setitem__", key, value)

    def __len__(self) -> int:
        return len(self.host)

    def __bool__(self) -> bool:
        return bool(self.host)

    def __float__(self) -> float:
        return float(self.host)

    def __neg__(self) -> FakeArray:
        return self._derived(-self.host)

    def __abs__(self) -> FakeArray:
        return self._derived(abs(self.host))

    def __repr__(self) -> str:
        return repr(self.host)


def _binary(name: str) -> Callable[[FakeArray, Any], Any]:
    function, swapped = getattr(operator, name.removeprefix("r")), name.startswith("r")

    def method(self: FakeArray, other: Any) -> Any:
        if getattr(other, "__array_ufunc__", "") is None:
            return NotImplemented
        return self.module.call(lambda a, b: function(b, a) if swapped else function(a, b), self, other)

    return method


for _name in ("add", "sub", "mul", "truediv", "matmul", "pow"):
    setattr(FakeArray, f"__{_name}__", _binary(_name))
    setattr(FakeArray, f"__r{_name}__", _binary(f"r{_name}"))
for _name in ("and_", "or_", "lt", "le", "gt", "ge", "eq", "ne"):
    setattr(FakeArray, f"__{_name.strip('_')}__", _binary(_name))


class FakeDevice:
    """Plays cupy.cuda.Device."""

    def __init__(self, module: FakeCupy, number: int) -> None:
        self.module, self.id = module, number
        self.before: list[int] = []

    def __enter__(self) -> FakeDevice:
        self.before.append(self.module.current)
        self.module.current = self.id
        return self

    def __exit__(self, *args: object) -> None:
        self.module.current = self.before.pop()


class FakeCupy(ModuleType):
    """Plays the module cupy: the functions of NumPy on its own arrays."""

    def __init__(self, driver: FakeDriver) -> None:
        super().__init__("cupy")
        self.driver = driver
        self.current = 0
        self.known: dict[int, Any] = {}
        self.ndarray = type("ndarray", (FakeArray,), {"module": self})
        self.cuda = SimpleNamespace(
            Device=lambda number: FakeDevice(self, number),
            get_current_stream=lambda: SimpleNamespace(ptr=7 + self.current),
        )
        self.linalg = SimpleNamespace(
            **{name: self._wrapped(getattr(np.linalg, name)) for name in ("eigh", "svd", "solve")}
        )

    def open(self, host: np.ndarray[Any, Any]) -> None:
        """Let kernels use the memory of an array."""
        while isinstance(host.base, np.ndarray):
            host = host.base
        place = host.ctypes.data
        if host.nbytes and self.known.get(place) is not host:
            if place in self.known:
                self.driver.machine.free(place)
            self.driver.machine.adopt(place, host.nbytes, host)
            self.known[place] = host

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function of NumPy on arrays of the current device."""
        given = [*args, *kwargs.values()]
        if any(type(value) is np.ndarray and value.ndim for value in given):
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        devices = {value.device.id for value in given if isinstance(value, FakeArray)}
        if devices - {self.current}:
            raise ValueError(f"Array device must be same as the current device: {devices}, {self.current}.")
        result = function(*map(_host, args), **{name: _host(value) for name, value in kwargs.items()})
        return self._own(result)

    def _own(self, result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(self._own(one) for one in result)
        return self.ndarray(result) if isinstance(result, (np.ndarray, np.generic)) else result

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: self.call(function, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return found if isinstance(found, (type, float)) or not callable(found) else self._wrapped(found)

    # What takes arrays of others, or lists.

    def asarray(self, value: Any, dtype: Any = None) -> Any:
        if isinstance(value, FakeArray):
            return value if dtype is None else value.astype(dtype, copy=False)
        if hasattr(value, "__cuda_array_interface__"):
            value = SimpleNamespace(__array_interface__=value.__cuda_array_interface__, owner=value)
            return self.ndarray(np.asarray(value, dtype))
        return self.ndarray(np.array(value, dtype))

    def from_dlpack(self, value: Any) -> Any:
        return self.ndarray(value.__dlpack__())


def _host(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(map(_host, value))
    return value.host if isinstance(value, FakeArray) else value
