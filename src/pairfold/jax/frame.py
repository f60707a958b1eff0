"""The call frame of XLA's foreign function interface: its binary layout, which is plain C and stable within a version.

XLA calls a *handler* with the address of one frame and takes the address of an error, or null. The layout is that of
``xla/ffi/api/c_api.h``, which jaxlib ships; every structure says its size first, and a newer version adds to the end.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from typing import Any, ClassVar

import numpy as np

__all__ = ["HANDLER", "Frame", "answer_query", "error"]

HANDLER = ctypes.CFUNCTYPE(c_void_p, c_void_p)
"""The type of a handler."""

_METADATA = 1
_FIRST_VERSION = (0, 1)
_NUMBER_TYPES = {4: "<i4", 5: "<i8", 11: "<f4", 12: "<f8"}


class _Headed(Structure):
    """What every structure of the interface begins with."""

    _fields_: ClassVar[Any] = (("struct_size", c_size_t), ("extension", c_void_p))


class _Version(_Headed):
    _fields_ = (("major", c_int), ("minor", c_int))


class _Metadata(Structure):
    _fields_ = (("struct_size", c_size_t), ("version", _Version), ("traits", c_uint32))


class _Extension(Structure):
    _fields_ = (("struct_size", c_size_t), ("type", c_int), ("next", c_void_p), ("metadata", POINTER(_Metadata)))


class _Several(_Headed):
    """Arguments or results: how many, of which types, where."""

    _fields_ = (("count", c_int64), ("types", POINTER(c_int)), ("places", POINTER(c_void_p)))


class _Attributes(_Headed):
    """Attributes, sorted by their names."""

    _fields_ = (
        ("count", c_int64),
        ("types", POINTER(c_int)),
        ("names", POINTER(c_void_p)),
        ("places", POINTER(c_void_p)),
    )


class _Api(_Headed):
    """The functions of the host; the first makes errors."""

    _fields_ = (("version", _Version), ("internal", c_void_p), ("make_error", c_void_p))


class Frame(_Headed):
    """One call.

    Attributes
    ----------
    api : pointer
        The functions of the host.
    context : address
        What they want as their first argument.
    stage : int
        3 for the call itself.
    args, rets, attrs : structures
        See `buffers`, `attributes`.
    """

    _fields_ = (
        ("api", POINTER(_Api)),
        ("context", c_void_p),
        ("stage", c_int),
        ("args", _Several),
        ("rets", _Several),
        ("attrs", _Attributes),
    )


class _Buffer(_Headed):
    _fields_ = (("dtype", c_int), ("data", c_void_p), ("rank", c_int64), ("dims", POINTER(c_int64)))


class _Bytes(Structure):
    _fields_ = (("start", c_void_p), ("length", c_size_t))


class _Array(Structure):
    _fields_ = (("dtype", c_int), ("size", c_size_t), ("data", c_void_p))


class _Scalar(Structure):
    _fields_ = (("dtype", c_int), ("value", POINTER(c_int64)))


class _ErrorArguments(_Headed):
    _fields_ = (("message", c_char_p), ("code", c_int))


_MAKE_ERROR = ctypes.CFUNCTYPE(c_void_p, POINTER(_ErrorArguments))


class _Memory:
    """Memory of the CPU that NumPy makes an array of, without a copy."""

    __slots__ = ("__array_interface__",)

    def __init__(self, address: int, shape: tuple[int, ...], typestr: str) -> None:
        self.__array_interface__ = {"data": (address, False), "shape": shape, "typestr": typestr, "version": 3}


def _numbers(address: int | None, shape: tuple[int, ...], dtype: int) -> np.ndarray[Any, Any]:
    """Return the array at an address, which may be null where there are no numbers."""
    typestr = _NUMBER_TYPES[dtype]
    return np.empty(shape, typestr) if address is None or 0 in shape else np.asarray(_Memory(address, shape, typestr))


def buffers(several: Any) -> list[np.ndarray[Any, Any]]:
    """Return arguments or results of a frame in the memory of the CPU as arrays."""
    found = []
    for place in several.places[: several.count]:
        buffer = _Buffer.from_address(place)
        found.append(_numbers(buffer.data, tuple(buffer.dims[: buffer.rank]), buffer.dtype))
    return found


def text(frame: Frame, number: int) -> bytes:
    """Return attribute number `number` of a frame, a string."""
    span = _Bytes.from_address(frame.attrs.places[number])
    return ctypes.string_at(span.start, span.length)


def integer(frame: Frame, number: int) -> int:
    """Return attribute number `number` of a frame, an integer of 64 bits."""
    return int(_Scalar.from_address(frame.attrs.places[number]).value[0])


def integers(frame: Frame, number: int) -> np.ndarray[Any, Any]:
    """Return attribute number `number` of a frame, an array of integers of 64 bits."""
    array = _Array.from_address(frame.attrs.places[number])
    return _numbers(array.data, (array.size,), array.dtype)


def answer_query(frame: Frame) -> bool:
    """Answer the question that a handler is asked before all else, for its version; return whether it was asked."""
    if not frame.extension:
        return False
    extension = _Extension.from_address(frame.extension)
    if extension.type != _METADATA:
        return False
    # Within a major version the layout only grows at its ends, of which nothing is read. The first hosts did not say
    # theirs with the question.
    answer = extension.metadata[0].version
    host = frame.api[0].version if frame.api else None
    answer.major, answer.minor = _FIRST_VERSION
    if host is not None and host.major == answer.major:
        answer.minor = host.minor
    extension.metadata[0].traits = 0
    return True


def error(frame: Frame, message: str, code: int) -> Any:
    """Return the address of a new error of the host."""
    make = _MAKE_ERROR(frame.api[0].make_error)
    arguments = _ErrorArguments(ctypes.sizeof(_ErrorArguments), None, message.encode(), code)
    return make(arguments)
