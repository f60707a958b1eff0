"""A machine that runs PTX without a GPU, and finds the mistakes that a GPU would not report.

The threads of a few blocks run together as one vector; other blocks run before or after them. What is not modelled:
the order in which threads of different warps see each other's writes (fences do nothing), races in global memory and
between atomic and plain accesses, time (clocks stand still), and anything about speed.

>>> machine = PtxMachine()
>>> module = machine.load('''
... .version 8.0
... .target sm_80
... .address_size 64
... .visible .entry answer(.param .u64 where) {
...     .reg .b64 %rd<2>;
...     ld.param.u64 %rd1, [where];
...     st.global.u32 [%rd1], 42;
...     ret;
... }''')
>>> address = machine.allocate(4)
>>> module.launch("answer", 1, 1, 0, [address])
>>> int.from_bytes(machine.read(address, 4), "little")
42
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.ptx_interpreter.errors import LaunchError, PtxSyntaxError
from tests.ptx_interpreter.execute import Batch, Checks, Frame, Triple
from tests.ptx_interpreter.memory import GlobalMemory
from tests.ptx_interpreter.parse import SIZES, Immediate, Module, Symbol, Variable, parse
from tests.ptx_interpreter.program import Program, build, round_up
from tests.ptx_interpreter.values import Approximation

__all__ = ["Checks", "PtxKernel", "PtxMachine", "PtxModule"]

LARGEST_BLOCK = (1024, 1024, 64)
LARGEST_GRID = (2**31 - 1, 65535, 65535)
THREADS_PER_BLOCK = 1024
SHARED_BYTES = 48 * 1024
"""Shared memory of a block that a kernel may use without asking for more."""


class PtxMachine:
    """A device: memory, and modules loaded from PTX.

    Parameters
    ----------
    checks : Checks
        What is looked for while a kernel runs. Accesses outside of allocations, misaligned ones, and barriers that some
        threads never reach are always found.
    inaccuracy : int or None
        The seed of random errors of the approximate instructions (``ex2.approx`` and the like), as large as the manual
        allows; with None they are correctly rounded.
    lanes : int
        So many threads are executed together, whole blocks at a time. It changes the speed only.
    """

    def __init__(self, checks: Checks | None = None, inaccuracy: int | None = None, lanes: int = 1024) -> None:
        self.memory = GlobalMemory()
        self.checks = checks or Checks()
        self.approximation = Approximation(inaccuracy)
        self.lanes = lanes

    def allocate(self, size: int) -> int:
        """Return the address of `size` new bytes, aligned to 256; they hold NaN, or -1 as integers."""
        return self.memory.allocate(size)

    def adopt(self, address: int, size: int, owner: Any = None) -> None:
        """Let kernels use `size` bytes of host memory that exists already; `owner` is kept alive."""
        self.memory.adopt(address, size, owner=owner)

    def free(self, address: int) -> None:
        """Forget an allocation or adopted memory; later accesses by kernels are errors."""
        self.memory.free(address)

    def write(self, address: int, data: bytes | np.ndarray[Any, Any]) -> None:
        """Copy bytes or the bytes of an array into an allocation."""
        self.memory.write(address, data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes())

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes out of an allocation."""
        return self.memory.read(address, size)

    def put(self, array: np.ndarray[Any, Any]) -> int:
        """Return the address of a copy of an array."""
        address = self.allocate(max(array.nbytes, 1))
        self.write(address, array)
        return address

    def get(self, address: int, shape: int | tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
        """Return an array with a copy of the numbers at an address."""
        count = int(np.prod(shape))
        data = self.read(address, count * np.dtype(dtype).itemsize)
        return np.frombuffer(data, dtype).reshape(shape).copy()

    def load(self, text: str | bytes) -> PtxModule:
        """Load a module.

        Raises
        ------
        PtxSyntaxError
            When the text is not PTX that the interpreter knows; UnknownInstructionError names an unknown instruction.
        """
        decoded = text.rstrip(b"\0").decode() if isinstance(text, bytes) else text
        return PtxModule(self, parse(decoded))


class PtxModule:
    """A loaded module; `kernels` has its kernels by name and `globals` the addresses of its variables."""

    def __init__(self, machine: PtxMachine, parsed: Module) -> None:
        self._machine = machine
        self.parsed = parsed
        self.globals: dict[str, int] = {}
        for variable in parsed.variables:
            if variable.space in {"global", "const"}:
                self.globals[variable.name] = self._allocate(variable)
        for variable in parsed.variables:
            if variable.space in {"global", "const"}:
                ctypes.memmove(self.globals[variable.name], self._initial(variable), variable.size)
        self.kernels: dict[str, PtxKernel] = {}
        for name, function in parsed.functions.items():
            if function.is_kernel and function.is_defined:
                self.kernels[name] = PtxKernel(machine, build(parsed, name, self.globals, machine.approximation))

    def _allocate(self, variable: Variable) -> int:
        if not variable.size:
            raise PtxSyntaxError(
                f"the variable {variable.name!r} has no size; variables of other modules are not known."
            )
        return self._machine.memory.allocate(variable.size, f"variable {variable.name}", variable.space == "const")

    def _initial(self, variable: Variable) -> bytes:
        data = bytearray(variable.size)
        size = SIZES[variable.type]
        for k, part in enumerate(variable.initial):
            data[k * size : (k + 1) * size] = self._bits(part).to_bytes(8, "little")[:size]
        return bytes(data)

    def _bits(self, part: Immediate | Symbol) -> int:
        if isinstance(part, Immediate):
            return part.bits % 2**64
        if part.name not in self.globals:
            raise PtxSyntaxError(f"an initial value names {part.name!r}, which is no variable in global memory.")
        return self.globals[part.name] + part.offset

    def launch(
        self,
        name: str,
        grid: int | Sequence[int],
        block: int | Sequence[int],
        shared_bytes: int = 0,
        arguments: Sequence[Any] | None = None,
    ) -> None:
        """Run a kernel to its end; see :meth:`PtxKernel.launch`."""
        if name not in self.kernels:
            raise LaunchError(f"no kernel {name!r}; the module has {', '.join(sorted(self.kernels)) or 'none'}.")
        self.kernels[name].launch(grid, block, shared_bytes, arguments or ())


@dataclass(frozen=True)
class Parameter:
    """A parameter of a kernel."""

    name: str
    type: str
    size: int


class PtxKernel:
    """A kernel that can be launched.

    Attributes
    ----------
    parameters : list of Parameter
        What a launch must give, in order.
    shared_bytes : int
        Shared memory of fixed size.
    largest_dynamic_shared : int
        So much more a launch may ask for. It may be set, as a driver allows to.
    """

    def __init__(self, machine: PtxMachine, program: Program) -> None:
        self._machine = machine
        self._program = program
        self.name = program.kernel.name
        self.parameters = [Parameter(v.name, v.type, v.size) for v in program.kernel.parameters]
        self.shared_bytes = program.shared_size
        self.largest_dynamic_shared = SHARED_BYTES - program.shared_size
        limit = program.kernel.directives.get("maxntid") or program.kernel.directives.get("reqntid")
        self.largest_block = int(np.prod(limit)) if limit else THREADS_PER_BLOCK

    def launch(
        self, grid: int | Sequence[int], block: int | Sequence[int], shared_bytes: int, arguments: Sequence[Any]
    ) -> None:
        """Run the kernel.

        Parameters
        ----------
        grid, block : int or up to three ints
            Number of blocks and of threads per block.
        shared_bytes : int
            Size of the shared array whose size the kernel leaves open.
        arguments : sequence
            Numbers, ctypes values or bytes, one for each parameter.

        Raises
        ------
        LaunchError
            When a driver would refuse the launch.
        ExecutionError
            When the kernel does something wrong; the subclass says what.
        """
        full_grid, full_block = _triple(grid), _triple(block)
        self._check(full_grid, full_block, shared_bytes, arguments)
        memory = self._machine.memory
        addresses: dict[str, int] = {}
        try:
            for parameter, argument in zip(self.parameters, arguments, strict=True):
                name = f"parameter {parameter.name}"
                addresses[parameter.name] = memory.allocate(parameter.size, name, is_constant=True)
                ctypes.memmove(addresses[parameter.name], _pack(parameter, argument), parameter.size)
            with np.errstate(all="ignore"):
                self._run(full_grid, full_block, shared_bytes, addresses)
        finally:
            for address in addresses.values():
                memory.free(address)

    def _run(self, grid: Triple, block: Triple, shared_bytes: int, addresses: dict[str, int]) -> None:
        program, machine = self._program, self._machine
        shared = program.shared_size
        if shared_bytes:
            shared = round_up(shared, program.dynamic_alignment) + shared_bytes
        code = program.codes[self.name]
        blocks, threads = int(np.prod(grid, dtype=np.int64)), int(np.prod(block))
        together = max(1, machine.lanes // threads)
        for first in range(0, blocks, together):
            sizes = (shared, program.local_size, shared_bytes)
            rows = min(together, blocks - first)
            batch = Batch(machine.memory, grid, block, first, rows, sizes, addresses, machine.checks)
            Frame(batch, code, {}).execute(None)

    def _check(self, grid: Triple, block: Triple, shared_bytes: int, arguments: Sequence[Any]) -> None:
        threads = int(np.prod(block))
        if any(not 1 <= size <= limit for size, limit in zip(grid, LARGEST_GRID, strict=True)):
            raise LaunchError(f"{self.name}: a grid of {grid} blocks; every number must be 1 to {LARGEST_GRID}.")
        if any(not 1 <= size <= limit for size, limit in zip(block, LARGEST_BLOCK, strict=True)):
            raise LaunchError(f"{self.name}: a block of {block} threads; every number must be 1 to {LARGEST_BLOCK}.")
        if threads > min(self.largest_block, THREADS_PER_BLOCK):
            raise LaunchError(f"{self.name}: {threads} threads in a block, at most {self.largest_block} are allowed.")
        if not 0 <= shared_bytes <= self.largest_dynamic_shared:
            raise LaunchError(
                f"{self.name}: {shared_bytes} bytes of shared memory on top of {self.shared_bytes}, "
                f"at most {self.largest_dynamic_shared} are allowed."
            )
        if len(arguments) != len(self.parameters):
            raise LaunchError(f"{self.name}: {len(arguments)} arguments for {len(self.parameters)} parameters.")


def _triple(sizes: int | Sequence[int]) -> Triple:
    given = [sizes] if isinstance(sizes, int) else [int(size) for size in sizes]
    if not 1 <= len(given) <= 3:
        raise LaunchError(f"a grid or block has 1 to 3 sizes, not {len(given)}.")
    x, y, z = [*given, 1, 1][:3]
    return x, y, z


_FORMATS = {"f32": "<f", "f64": "<d"}


def _pack(parameter: Parameter, argument: Any) -> bytes:
    """Return the bytes of an argument."""
    if isinstance(argument, ctypes._SimpleCData | ctypes.Array | ctypes.Structure | np.generic):
        data = bytes(memoryview(argument))  # type: ignore[arg-type]
    elif isinstance(argument, bytes):
        data = argument
    elif isinstance(argument, float) or parameter.type in _FORMATS:
        data = struct.pack(_FORMATS.get(parameter.type, {4: "<f", 8: "<d"}.get(parameter.size, "")), argument)
    elif isinstance(argument, int):
        data = (argument % 2 ** (8 * parameter.size)).to_bytes(parameter.size, "little")
    else:
        raise LaunchError(f"the argument {argument!r} for {parameter.name} is no number, ctypes value or bytes.")
    if len(data) != parameter.size:
        raise LaunchError(
            f"the argument {argument!r} for {parameter.name} has {len(data)} bytes, not {parameter.size}."
        )
    return data
