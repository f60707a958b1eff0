"""A function in machine code that reads a call frame of XLA and starts a kernel.

XLA calls a foreign function with one argument, a frame: pointers to buffers with their types and shapes, and attributes
(``xla/ffi/api/c_api.h`` in jaxlib: plain C structures). The function that is made here does for small calls what
`pairfold.engine.run` does, without Python. It finds the kernel by its key, which is the text of an attribute, checks
the buffers, fills the argument block of `pairfold.codegen.work.Layout`, and calls, once per batch entry. What it does
not serve goes to the general handler as it came: large calls, which are worth threads, other stages than the execution,
and buffers that do not fit, for which the general handler has words.

One function serves all kernels. What belongs to one of them stands in its `Record`, and records are found in a table of
places, each a cache line: the address of a record or 0, how many threads are at work with it, and the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from llvmlite import ir

from pairfold.codegen.loops import INT64, loop, stack_slot
from pairfold.codegen.work import ITEM_FIELDS
from pairfold.targets.cpu.kernel import POINTER
from pairfold.targets.cpu.xla.record import ALIGNMENT, KEY_WORDS, MOST_VARIABLES, TYPES, Record, Side

__all__ = ["PLACES", "PLACE_WORDS", "WAYS", "Place", "emit_front", "home_of"]

INT32 = ir.IntType(32)
VOID = ir.VoidType()

PLACES = 1024
"""Places of the table."""

PLACE_WORDS = 8
"""Words of a place: a cache line."""

WAYS = 8
"""How many places, one after the other, a key may be in."""

_SPREAD = 0x9E3779B97F4A7C15
"""An odd number whose products have well mixed upper bits (Knuth, The Art of Computer Programming 3, 6.4)."""

EXECUTE, STRING, NARROW = 3, 4, 4
"""XLA's numbers for the stage in which a function does its work, for attributes that are text, and for int32."""


class Place(IntEnum):
    """What stands where in a place, in words."""

    RECORD = 0
    USERS = 1
    KEY = 2


class Frame(IntEnum):
    """What stands where in a frame, in words."""

    EXTENSION = 1
    STAGE = 4
    ARGUMENT_COUNT = 7
    ARGUMENTS = 9
    RESULT_COUNT = 12
    RESULTS = 14
    ATTRIBUTE_COUNT = 17
    ATTRIBUTE_TYPES = 18
    ATTRIBUTES = 20


class Buffer(IntEnum):
    """What stands where in a buffer, in words."""

    TYPE = 2
    DATA = 3
    AXES = 4
    LENGTHS = 5


class Sizes(IntEnum):
    """What stands where among the sizes of a call, in words."""

    ROWS = 0
    COLUMNS = 1
    ENTRIES = 2
    AXES = 3
    LENGTHS = 4


def home_of(key: bytes) -> int:
    """Return the number of the first place in which a key may be."""
    return (int.from_bytes(key[:8], "little") * _SPREAD % 2**64) >> (64 - PLACES.bit_length() + 1)


class _Function:
    """A function in the making: its builder, and the loads, tests and loops that it is made of."""

    def __init__(self, module: ir.Module, name: str, result: ir.Type, arguments: list[ir.Type]) -> None:
        self.function = ir.Function(module, ir.FunctionType(result, arguments), name)
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))

    def at(self, base: Any, number: Any, type_: ir.Type = INT64) -> Any:
        """Return the address of an entry of an array."""
        return self.builder.gep(base, [_value(number)], source_etype=type_)

    def word(self, base: Any, number: Any) -> Any:
        """Load a word."""
        return self.builder.load(self.at(base, number), typ=INT64)

    def pointer(self, base: Any, number: Any) -> Any:
        """Load a pointer."""
        return self.builder.load(self.at(base, number, POINTER), typ=POINTER)

    def half(self, base: Any, number: Any, type_: ir.Type = INT64) -> Any:
        """Load a number of 32 bits that stands where words, or other things of a type, stand; return a word."""
        return self.builder.zext(self.builder.load(self.at(base, number, type_), typ=INT32), INT64)

    def store(self, value: Any, base: Any, number: Any) -> None:
        """Store a word."""
        self.builder.store(_value(value), self.at(base, number))

    def is_(self, what: str, first: Any, second: Any) -> Any:
        """Compare signed words."""
        return self.builder.icmp_signed(what, first, _value(second))

    def leave_unless(self, test: Any, exit_: Any) -> None:
        """Branch to a block unless a test holds."""
        following = self.function.append_basic_block()
        self.builder.cbranch(test, following, exit_)
        self.builder.position_at_end(following)

    def room(self, words: int) -> Any:
        """Return the address of words on the stack."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(INT64, size=words)

    def call(self, address: Any, result: ir.Type, arguments: list[Any]) -> Any:
        """Call the function at an address, a word."""
        type_ = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(self.builder.inttoptr(_value(address), type_.as_pointer()), arguments)


def _value(number: Any) -> Any:
    return ir.Constant(INT64, int(number)) if isinstance(number, int) else number


def emit_front(module: ir.Module, table: int, general: int, allocate: int, free: int, attribute: int) -> None:
    """Add the function ``front(frame)``, and two that change the table, ``publish`` and ``retire``.

    Parameters
    ----------
    module : ir.Module
        Where to.
    table : int
        Address of the table of places.
    general : int
        Address of the handler that serves every frame.
    allocate, free : int
        Addresses of ``malloc`` and ``free`` of the C library.
    attribute : int
        The number of the attribute that is the key.
    """
    fits, work = _emit_fits(module), _emit_work(module, allocate, free)
    made = _Function(module, "front", POINTER, [POINTER])
    builder, (frame,) = made.builder, made.function.args
    not_here = made.function.append_basic_block("not_here")
    key = _key(made, frame, attribute, not_here)
    home = builder.lshr(builder.mul(key[0], _value(_SPREAD - 2**64)), _value(64 - PLACES.bit_length() + 1))
    with loop(builder, home, builder.add(home, _value(WAYS))) as number:
        start = builder.mul(builder.and_(number, _value(PLACES - 1)), _value(PLACE_WORDS))
        place = made.at(builder.inttoptr(_value(table), POINTER), start)
        with builder.if_then(_has_key(made, place, key)):
            _serve(made, frame, place, key, fits, work)
    builder.branch(not_here)
    builder.position_at_end(not_here)
    builder.ret(made.call(general, POINTER, [frame]))
    _emit_changes(module)


def _key(made: _Function, frame: Any, attribute: int, not_here: Any) -> list[Any]:
    """Return the words of the key; leave where the frame is none of the execution, or has no key."""
    builder = made.builder
    is_plain = made.is_("==", made.word(frame, Frame.EXTENSION), 0)
    made.leave_unless(builder.and_(is_plain, made.is_("==", made.half(frame, Frame.STAGE), EXECUTE)), not_here)
    made.leave_unless(made.is_(">", made.word(frame, Frame.ATTRIBUTE_COUNT), attribute), not_here)
    type_ = made.half(made.pointer(frame, Frame.ATTRIBUTE_TYPES), attribute, INT32)
    made.leave_unless(made.is_("==", type_, STRING), not_here)
    text = made.pointer(made.pointer(frame, Frame.ATTRIBUTES), attribute)
    made.leave_unless(made.is_("==", made.word(text, 1), 8 * KEY_WORDS), not_here)
    characters = made.pointer(text, 0)
    return [builder.load(made.at(characters, k), typ=INT64, align=1) for k in range(KEY_WORDS)]


def _has_key(made: _Function, place: Any, key: list[Any]) -> Any:
    builder = made.builder
    differ = [builder.xor(made.word(place, Place.KEY + k), word) for k, word in enumerate(key)]
    total = differ[0]
    for other in differ[1:]:
        total = builder.or_(total, other)
    return made.is_("==", total, 0)


def _serve(made: _Function, frame: Any, place: Any, key: list[Any], fits: ir.Function, work: ir.Function) -> None:
    """Work with the record of a place, if it is still that of the key, and return from the function if it could.

    Whoever takes a record away does it first and then looks for users; here one is a user first and then looks for the
    record. So one of the two sees the other.
    """
    builder = made.builder
    users, one = made.at(place, Place.USERS), _value(1)
    builder.atomic_rmw("add", users, one, "seq_cst")
    record = builder.load_atomic(made.at(place, Place.RECORD), "seq_cst", 8, typ=POINTER)
    served = stack_slot(builder, ir.IntType(1))
    builder.store(ir.Constant(ir.IntType(1), 0), served)
    is_there = made.is_("!=", builder.ptrtoint(record, INT64), 0)
    with builder.if_then(builder.and_(is_there, _has_key(made, place, key))):
        sizes = made.room(len(Sizes))
        with builder.if_then(builder.call(fits, [frame, record, sizes])):
            builder.store(builder.call(work, [frame, record, sizes]), served)
    builder.atomic_rmw("sub", users, one, "seq_cst")
    with builder.if_then(builder.load(served, typ=ir.IntType(1))):
        builder.ret(ir.Constant(POINTER, None))


def _emit_changes(module: ir.Module) -> None:
    """Add ``publish(place, record)``, and ``retire(place)``, which returns how many threads are still at work."""
    made = _Function(module, "publish", VOID, [POINTER, INT64])
    place, record = made.function.args
    made.builder.atomic_rmw("xchg", made.at(place, Place.RECORD), record, "seq_cst")
    made.builder.ret_void()
    made = _Function(module, "retire", INT64, [POINTER])
    (place,) = made.function.args
    made.builder.atomic_rmw("xchg", made.at(place, Place.RECORD), _value(0), "seq_cst")
    made.builder.ret(made.builder.load_atomic(made.at(place, Place.USERS), "seq_cst", 8, typ=INT64))


# ---------------------------------------------------------------- the buffers of a frame


def _emit_fits(module: ir.Module) -> ir.Function:
    """Add ``fits(frame, record, sizes)``: whether the buffers are those of the kernel, and so few; fills the sizes."""
    made = _Function(module, "fits", ir.IntType(1), [POINTER, POINTER, POINTER])
    made.function.attributes.add("alwaysinline")
    builder, (frame, record, sizes) = made.builder, made.function.args
    no = made.function.append_basic_block("no")
    for counted, number in ((Frame.ARGUMENT_COUNT, Record.ARGUMENT_COUNT), (Frame.RESULT_COUNT, Record.RESULT_COUNT)):
        made.leave_unless(made.is_("==", made.word(frame, counted), made.word(record, number)), no)
    _measure(made, frame, record, sizes, no)
    with loop(builder, 0, made.word(record, Record.ARGUMENT_COUNT)) as number:
        pair = builder.add(builder.mul(number, _value(2)), _value(Record.ARGUMENTS))
        side, dim = made.word(record, pair), made.word(record, builder.add(pair, _value(1)))
        with builder.if_then(made.is_("!=", side, Side.UNREAD)):
            _check_argument(
                made, made.pointer(made.pointer(frame, Frame.ARGUMENTS), number), record, sizes, side, dim, no
            )
    with loop(builder, 0, made.word(record, Record.RESULT_COUNT)) as number:
        start = builder.add(made.word(record, Record.RESULTS), builder.mul(number, _value(3)))
        type_, axes, size = (made.word(record, builder.add(start, _value(k))) for k in range(3))
        _check_result(made, made.pointer(made.pointer(frame, Frame.RESULTS), number), sizes, type_, axes, size, no)
    builder.ret(ir.Constant(ir.IntType(1), 1))
    builder.position_at_end(no)
    builder.ret(ir.Constant(ir.IntType(1), 0))
    return made.function


def _measure(made: _Function, frame: Any, record: Any, sizes: Any, no: Any) -> None:
    """Find the sizes of the call: those of the first result, and of an argument that columns count."""
    builder = made.builder
    result = made.pointer(made.pointer(frame, Frame.RESULTS), 0)
    row_axes = made.word(record, builder.add(made.word(record, Record.RESULTS), _value(1)))
    axes = builder.sub(builder.sub(made.word(result, Buffer.AXES), row_axes), _value(1))
    made.leave_unless(made.is_(">=", axes, 0), no)
    lengths = made.pointer(result, Buffer.LENGTHS)
    counted = made.pointer(made.pointer(frame, Frame.ARGUMENTS), made.word(record, Record.COUNTED))
    made.leave_unless(made.is_("==", made.word(counted, Buffer.AXES), builder.add(axes, _value(2))), no)
    rows, columns = made.word(lengths, axes), made.word(made.pointer(counted, Buffer.LENGTHS), axes)
    most = made.word(record, Record.MOST_PAIRS)
    for size, limit in ((rows, most), (columns, made.word(record, Record.MOST_COLUMNS))):
        # As numbers without a sign: 0 is not served either.
        inside = builder.icmp_unsigned("<", builder.sub(size, _value(1)), limit)
        made.leave_unless(inside, no)
    total = made.room(1)
    made.store(1, total, 0)
    with loop(builder, 0, axes) as axis:
        length = made.word(lengths, axis)
        made.leave_unless(builder.icmp_unsigned("<", builder.sub(length, _value(1)), most), no)
        made.store(builder.mul(made.word(total, 0), length), total, 0)
        made.leave_unless(made.is_("<=", made.word(total, 0), most), no)
    entries = made.word(total, 0)
    pairs = builder.mul(rows, columns)
    made.leave_unless(made.is_("<=", pairs, most), no)
    made.leave_unless(made.is_("<=", builder.mul(pairs, entries), most), no)
    for place, value in ((Sizes.ROWS, rows), (Sizes.COLUMNS, columns), (Sizes.ENTRIES, entries), (Sizes.AXES, axes)):
        made.store(value, sizes, place)
    made.store(builder.ptrtoint(lengths, INT64), sizes, Sizes.LENGTHS)


def _check_argument(made: _Function, buffer: Any, record: Any, sizes: Any, side: Any, dim: Any, no: Any) -> None:
    """Leave unless the shape is (*batch, rows or columns, dim), or (*batch, dim); batch axes may have length 1."""
    builder = made.builder
    made.leave_unless(made.is_("==", made.half(buffer, Buffer.TYPE), made.word(record, Record.TYPE)), no)
    axes, lengths = made.word(sizes, Sizes.AXES), made.pointer(buffer, Buffer.LENGTHS)
    is_counted = made.is_("!=", side, Side.NOTHING)
    last = builder.add(axes, builder.zext(is_counted, INT64))
    made.leave_unless(made.is_("==", made.word(buffer, Buffer.AXES), builder.add(last, _value(1))), no)
    made.leave_unless(made.is_("==", made.word(lengths, last), dim), no)
    with builder.if_then(is_counted):
        # Rows and columns are the first two sizes, as they are the first two sides.
        made.leave_unless(made.is_("==", made.word(lengths, axes), made.word(sizes, side)), no)
    whole = builder.inttoptr(made.word(sizes, Sizes.LENGTHS), POINTER)
    with loop(builder, 0, axes) as axis:
        length = made.word(lengths, axis)
        fits = builder.or_(made.is_("==", length, 1), made.is_("==", length, made.word(whole, axis)))
        made.leave_unless(fits, no)


def _check_result(made: _Function, buffer: Any, sizes: Any, type_: Any, row_axes: Any, size: Any, no: Any) -> None:
    """Leave unless the shape is (*batch, rows, ...), with so many numbers per row, and the type is right or narrow."""
    builder = made.builder
    found = made.half(buffer, Buffer.TYPE)
    is_narrow = builder.and_(made.is_("==", found, NARROW), made.is_("==", type_, TYPES["int64"]))
    made.leave_unless(builder.or_(is_narrow, made.is_("==", found, type_)), no)
    axes, lengths = made.word(sizes, Sizes.AXES), made.pointer(buffer, Buffer.LENGTHS)
    first = builder.add(axes, _value(1))
    last = builder.add(first, row_axes)
    made.leave_unless(made.is_("==", made.word(buffer, Buffer.AXES), last), no)
    made.leave_unless(made.is_("==", made.word(lengths, axes), made.word(sizes, Sizes.ROWS)), no)
    whole = builder.inttoptr(made.word(sizes, Sizes.LENGTHS), POINTER)
    with loop(builder, 0, axes) as axis:
        made.leave_unless(made.is_("==", made.word(lengths, axis), made.word(whole, axis)), no)
    total = made.room(1)
    made.store(1, total, 0)
    with loop(builder, first, last) as axis:
        made.store(builder.mul(made.word(total, 0), made.word(lengths, axis)), total, 0)
    made.leave_unless(made.is_("==", made.word(total, 0), size), no)


# ---------------------------------------------------------------- the work


def _emit_work(module: ir.Module, allocate: int, free: int) -> ir.Function:
    """Add ``work(frame, record, sizes)``: call the kernel for each batch entry; false where there is no memory."""
    start = _emit_start(module)
    made = _Function(module, "work", ir.IntType(1), [POINTER, POINTER, POINTER])
    builder, (frame, record, sizes) = made.builder, made.function.args
    no = made.function.append_basic_block("no")
    results, places = _Results(made, frame, record, sizes), made.room(MOST_VARIABLES)
    item_bytes, scratch_bytes = made.word(record, Record.ITEM_BYTES), made.word(record, Record.SCRATCH_BYTES)
    per_column = builder.mul(made.word(record, Record.PACKED), item_bytes)
    # Numbers of 64 bits come first behind the temporaries, then the columns: everything is aligned.
    wide_bytes = results.place(places, _value(0))
    packed_bytes = builder.mul(per_column, made.word(sizes, Sizes.COLUMNS))
    size = builder.add(builder.add(scratch_bytes, wide_bytes), builder.add(packed_bytes, _value(ALIGNMENT)))
    memory = made.call(allocate, INT64, [size])
    made.leave_unless(made.is_("!=", memory, 0), no)
    scratch = builder.and_(builder.add(memory, _value(ALIGNMENT - 1)), _value(-ALIGNMENT))
    wide = builder.add(scratch, scratch_bytes)
    results.place(places, wide)
    packed = builder.add(wide, wide_bytes)
    calls = _Calls(made, frame, record, sizes, start, builder.inttoptr(scratch, POINTER), packed, places)
    with loop(builder, 0, made.word(sizes, Sizes.ENTRIES)) as entry:
        with builder.if_then(made.is_("!=", made.word(record, Record.COLUMN_KERNEL), 0)):
            calls.columns(entry)
        calls.rows(entry)
    results.narrow(places)
    made.call(free, VOID, [memory])
    builder.ret(ir.Constant(ir.IntType(1), 1))
    builder.position_at_end(no)
    builder.ret(ir.Constant(ir.IntType(1), 0))
    return made.function


class _Results:
    """Where results are written: kernels write column numbers of 64 bits, and XLA may want 32."""

    def __init__(self, made: _Function, frame: Any, record: Any, sizes: Any) -> None:
        self.made, self.frame, self.record, self.sizes = made, frame, record, sizes

    def place(self, places: Any, wide: Any) -> Any:
        """Store the address where each result is written first, and return the bytes of what is narrowed later.

        These are at the address `wide`, one result after the other.
        """
        made, builder = self.made, self.made.builder
        used = made.room(1)
        made.store(0, used, 0)
        with self._each() as (number, buffer, count):
            is_narrow = made.is_("==", made.half(buffer, Buffer.TYPE), NARROW)
            own = builder.add(wide, made.word(used, 0))
            made.store(builder.select(is_narrow, own, made.word(buffer, Buffer.DATA)), places, number)
            more = builder.select(is_narrow, builder.mul(count, _value(8)), _value(0))
            made.store(builder.add(made.word(used, 0), more), used, 0)
        return made.word(used, 0)

    def narrow(self, places: Any) -> None:
        """Copy what XLA wants with 32 bits."""
        made, builder = self.made, self.made.builder
        with self._each() as (number, buffer, count):
            data = builder.inttoptr(made.word(buffer, Buffer.DATA), POINTER)
            source = builder.inttoptr(made.word(places, number), POINTER)
            is_narrow = made.is_("==", made.half(buffer, Buffer.TYPE), NARROW)
            with loop(builder, 0, builder.select(is_narrow, count, _value(0))) as k:
                builder.store(builder.trunc(made.word(source, k), INT32), made.at(data, k, INT32))

    @contextmanager
    def _each(self) -> Iterator[tuple[Any, Any, Any]]:
        """Emit a loop over the results; yields number, buffer, and how many numbers it has."""
        made, builder = self.made, self.made.builder
        rows = builder.mul(made.word(self.sizes, Sizes.ENTRIES), made.word(self.sizes, Sizes.ROWS))
        with loop(builder, 0, made.word(self.record, Record.RESULT_COUNT)) as number:
            third = builder.add(builder.mul(number, _value(3)), _value(2))
            size = made.word(self.record, builder.add(made.word(self.record, Record.RESULTS), third))
            yield number, made.pointer(made.pointer(self.frame, Frame.RESULTS), number), builder.mul(rows, size)


class _Calls:
    """The calls of the kernels for one batch entry."""

    def __init__(
        self,
        made: _Function,
        frame: Any,
        record: Any,
        sizes: Any,
        start: ir.Function,
        scratch: Any,
        packed: Any,
        places: Any,
    ) -> None:
        self.made, self.frame, self.record, self.sizes = made, frame, record, sizes
        self.start, self.scratch, self.packed, self.places = start, scratch, packed, places
        self.zeros = made.builder.ptrtoint(made.at(record, made.word(record, Record.ZEROS)), INT64)
        self.block, self.item, self.interval = (
            made.room(2 * MOST_VARIABLES + 3),
            made.room(len(ITEM_FIELDS)),
            made.room(2),
        )

    def columns(self, entry: Any) -> None:
        """Compute the column-only values: an item of all columns, as rows, that sees no interval."""
        made, columns = self.made, self.made.word(self.sizes, Sizes.COLUMNS)
        count = made.word(self.record, Record.COLUMN_VARIABLE_COUNT)
        output = self._fill(entry, count, made.word(self.record, Record.COLUMN_VARIABLES), 0, 0)
        made.store(self.packed, self.block, output)
        self._call(made.word(self.record, Record.COLUMN_KERNEL), (0, columns, 0, 0, 0, 0))

    def rows(self, entry: Any) -> None:
        """Reduce: an item of all rows that sees one interval, all columns."""
        made, builder = self.made, self.made.builder
        rows = made.word(self.sizes, Sizes.ROWS)
        made.store(0, self.interval, 0)
        made.store(made.word(self.sizes, Sizes.COLUMNS), self.interval, 1)
        count = made.word(self.record, Record.VARIABLE_COUNT)
        interval = builder.ptrtoint(self.interval, INT64)
        output = self._fill(entry, count, made.word(self.record, Record.VARIABLES), interval, self.packed)
        with loop(builder, 0, made.word(self.record, Record.RESULT_COUNT)) as number:
            made.store(made.word(self.places, number), self.block, builder.add(output, number))
        self._call(made.word(self.record, Record.KERNEL), (0, rows, 0, 1, 0, builder.mul(entry, rows)))

    def _fill(self, entry: Any, count: Any, variables: Any, interval: Any, packed: Any) -> Any:
        """Fill the block but for the outputs, and return where they stand."""
        made, builder = self.made, self.made.builder
        arguments = [self.frame, self.record, made.at(self.record, variables), count, entry, self.sizes, self.block]
        builder.call(self.start, arguments)
        used = builder.mul(count, _value(2))
        for k, value in enumerate((interval, self.zeros, packed)):
            made.store(value, self.block, builder.add(used, _value(k)))
        return builder.add(used, _value(3))

    def _call(self, kernel: Any, item: tuple[Any, ...]) -> None:
        for k, value in enumerate(item):
            self.made.store(value, self.item, k)
        self.made.call(kernel, VOID, [self.block, self.item, _value(0), _value(1), self.scratch])


def _emit_start(module: ir.Module) -> ir.Function:
    """Add ``start(frame, record, variables, count, entry, sizes, block)``: where variables of a batch entry start."""
    made = _Function(module, "start", VOID, [POINTER, POINTER, POINTER, INT64, INT64, POINTER, POINTER])
    builder, (frame, record, variables, count, entry, sizes, block) = made.builder, made.function.args
    whole = builder.inttoptr(made.word(sizes, Sizes.LENGTHS), POINTER)
    axes, item_bytes = made.word(sizes, Sizes.AXES), made.word(record, Record.ITEM_BYTES)
    remaining, offset, step = (made.room(1) for _ in range(3))
    with loop(builder, 0, count) as number:
        pair = builder.mul(number, _value(2))
        argument, stride = made.word(variables, pair), made.word(variables, builder.add(pair, _value(1)))
        buffer = made.pointer(made.pointer(frame, Frame.ARGUMENTS), argument)
        lengths = made.pointer(buffer, Buffer.LENGTHS)
        made.store(entry, remaining, 0)
        made.store(0, offset, 0)
        made.store(1, step, 0)
        with loop(builder, axes, made.word(buffer, Buffer.AXES)) as axis:
            made.store(builder.mul(made.word(step, 0), made.word(lengths, axis)), step, 0)
        with loop(builder, 0, axes) as passed:
            axis = builder.sub(builder.sub(axes, passed), _value(1))
            length, left = made.word(whole, axis), made.word(remaining, 0)
            index, own = builder.urem(left, length), made.word(lengths, axis)
            made.store(builder.udiv(left, length), remaining, 0)
            # An axis of length 1 stands for all entries: its only index is 0.
            index = builder.select(made.is_("==", own, 1), _value(0), index)
            made.store(builder.add(made.word(offset, 0), builder.mul(index, made.word(step, 0))), offset, 0)
            made.store(builder.mul(made.word(step, 0), own), step, 0)
        data = builder.add(made.word(buffer, Buffer.DATA), builder.mul(made.word(offset, 0), item_bytes))
        made.store(data, block, pair)
        made.store(stride, block, builder.add(pair, _value(1)))
    builder.ret_void()
    return made.function
