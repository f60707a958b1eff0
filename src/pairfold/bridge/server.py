"""Answers requests over pipes; the frames are described in `pairfold.bridge`."""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
from types import FrameType
from typing import Any, BinaryIO

from pairfold import __version__
from pairfold.bridge.arrays import Buffer
from pairfold.bridge.calls import call
from pairfold.bridge.message import error_head, written
from pairfold.errors import BridgeError

__all__ = ["Server", "serve"]

LONGEST_HEAD = 2**26
LARGEST_DATA = 2**46
"""Bytes; a frame that announces more is none."""

REPORTS = 0.1
"""Seconds between two reports of progress."""

_LENGTHS = struct.Struct("<qq")


class _EndedError(Exception):
    """The client is gone."""


class Server:
    """Reads requests from one stream and writes answers to another.

    Parameters
    ----------
    source, target : binary streams
        Where requests come from and answers go to.
    """

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._state = "waits"
        self._is_asked_to_stop = False
        self._reported = 0.0

    def run(self) -> int:
        """Answer until the input ends; return the status of the process."""
        while True:
            try:
                head, data = self._request()
            except _EndedError:
                return 0
            except (BridgeError, MemoryError) as error:
                self._send(error_head(error))
                return 1
            try:
                answer = self._answer(head, data)
                del data
                self._send(*answer)
            except BrokenPipeError:
                return 0

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """End a computation, once; do nothing else, so that every request has one answer."""
        if self._state == "reports":
            self._is_asked_to_stop = True
        elif self._state == "computes":
            self._state = "waits"
            raise KeyboardInterrupt

    def _answer(self, head: str, data: Buffer) -> tuple[str, Buffer]:
        self._reported = time.monotonic()
        self._is_asked_to_stop = False
        try:
            self._state = "computes"
            answer = call(head, data, self._report)
            self._state = "waits"
        except KeyboardInterrupt:
            return error_head(KeyboardInterrupt("The computation was interrupted."), "Interrupted"), b""
        return answer

    def _report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._reported < REPORTS:
            return
        self._reported = now
        # A frame is not interrupted in its middle.
        self._state = "reports"
        self._send(written([("progress", __version__, done, total)]))
        self._state = "computes"
        if self._is_asked_to_stop:
            self._state = "waits"
            raise KeyboardInterrupt

    # ------------------------------------------------------------ frames

    def _request(self) -> tuple[str, Buffer]:
        head_size, data_size = _LENGTHS.unpack(self._read(_LENGTHS.size))
        if not (0 <= head_size <= LONGEST_HEAD and 0 <= data_size <= LARGEST_DATA):
            raise BridgeError(
                f"A frame starts with the lengths of head and data; found {head_size} and {data_size} bytes, of which "
                f"at most {LONGEST_HEAD} and {LARGEST_DATA} are allowed."
            )
        head = bytes(self._read(head_size))
        data = self._read(data_size)
        try:
            return head.decode(), data
        except UnicodeDecodeError:
            raise BridgeError("The head of a frame is text in UTF-8, and this one is not.") from None

    def _read(self, size: int) -> bytearray:
        # Fresh memory is taken from the system as the bytes come, so that a wrong length costs nothing.
        content = bytearray(size)
        view, start = memoryview(content), 0
        while start < size:
            count = self._source.readinto(view[start:])  # type: ignore[attr-defined]
            if not count:
                raise _EndedError
            start += count
        return content

    def _send(self, head: str, data: Buffer = b"") -> None:
        encoded = head.encode(errors="replace")
        self._target.write(_LENGTHS.pack(len(encoded), len(data)) + encoded)
        if len(data):
            self._target.write(data)
        self._target.flush()


def serve() -> int:
    """Serve the client at the other end of standard input and output; return the status of the process."""
    # Octave starts its children with these signals blocked.
    if hasattr(signal, "pthread_sigmask"):
        signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    # What anything prints must not get among the frames.
    target = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    source: Any = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=2**16)
    server = Server(source, target)
    signal.signal(signal.SIGINT, server.interrupt)
    return server.run()
