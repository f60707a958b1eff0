"""What can go wrong in a PTX text or while it runs; every message names the line, the instruction and the thread."""

from __future__ import annotations


class PtxError(Exception):
    """Any error of the interpreter."""


class PtxSyntaxError(PtxError):
    """The text is not PTX, or uses a part of PTX that the interpreter does not know."""


class UnknownInstructionError(PtxSyntaxError):
    """An instruction, or one of its modifiers, that the interpreter does not know."""


class LaunchError(PtxError):
    """A launch that a driver would refuse: wrong arguments, block too large, too much shared memory."""


class ExecutionError(PtxError):
    """A running kernel did something wrong."""


class OutOfBoundsError(ExecutionError):
    """An access outside of every allocation, or a write to constant memory."""


class MisalignedError(ExecutionError):
    """An address that is no multiple of the size of the access."""


class UninitialisedError(ExecutionError):
    """A read of shared or local memory that no thread has written."""


class RaceError(ExecutionError):
    """Two threads use one byte of shared memory without a barrier between them, and one of them writes."""


class DivergenceError(ExecutionError):
    """A barrier or warp instruction that some of its threads never reach."""


class TrapError(ExecutionError):
    """The kernel ran `trap`, or into something that PTX leaves undefined."""


class EndlessError(ExecutionError):
    """The kernel ran more instructions than the limit."""


class Fault(Exception):  # noqa: N818 - never leaves the interpreter
    """An error of one thread, before the machine adds the instruction and the thread."""

    def __init__(self, kind: type[ExecutionError], message: str, lane: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.lane = lane
