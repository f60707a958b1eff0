"""A client of the bridge, as short as one can be."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

import pairfold
from pairfold.bridge import call, quoted

Line = tuple[object, ...]


def head_of(command: str, *lines: Line, version: str = pairfold.__version__) -> str:
    """Return the head of a request."""
    return "\n".join("\t".join(quoted(str(field)) for field in line) for line in [(command, version), *lines])


def bytes_of(arrays: Sequence[Any], order: str = "F") -> bytes:
    """Return the data of a request."""
    return b"".join(np.asarray(array).tobytes(order) for array in arrays)  # type: ignore[arg-type]


def described(array: Any) -> tuple[str, str]:
    """Return type and shape of an array as fields."""
    array = np.asarray(array)
    return array.dtype.name, ",".join(map(str, array.shape))


def ask(command: str, *lines: Line, data: bytes = b"", order: str = "F") -> list[Any]:
    """Return the results of a request; an error of the bridge fails the test."""
    head, answer = call(head_of(command, *lines), data)
    first, *facts = (line.split("\t") for line in head.split("\n"))
    assert first == ["ok", pairfold.__version__], head
    results, start = [], 0
    for _, _, dtype, shape in (fact for fact in facts if fact[0] == "result"):
        sizes = [int(size) for size in shape.split(",") if size]
        array = np.frombuffer(answer, dtype, int(np.prod(sizes)), start)
        results.append(array.reshape(sizes, order=order))  # type: ignore[call-overload]
        start += array.nbytes
    assert start == len(answer)
    return results


def refused(command: str, *lines: Line, data: bytes = b"") -> tuple[str, str]:
    """Return the class and the message of the error that a request gives."""
    head, answer = call(head_of(command, *lines), data)
    word, classes, message = head.split("\t")
    assert word == "error", head
    assert len(answer) == 0
    assert classes.endswith("Exception")
    return classes.split(",")[0], message.replace("\\n", "\n")


def facts(command: str, *lines: Line) -> list[list[str]]:
    """Return the lines of an answer without arrays."""
    head, _ = call(head_of(command, *lines))
    first, *rest = (line.split("\t") for line in head.split("\n"))
    assert first[0] == "ok", head
    return rest


def send(pipe: IO[bytes], head: str, data: bytes = b"") -> None:
    """Write a frame."""
    text = head.encode()
    pipe.write(struct.pack("<qq", len(text), len(data)) + text + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[str, bytes]:
    """Read a frame."""
    head_size, data_size = struct.unpack("<qq", pipe.read(16))
    return pipe.read(head_size).decode(), pipe.read(data_size)
