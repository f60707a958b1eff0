"""The mistakes that the interpreter must find, and what it must not refuse."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from tests.ptx_interpreter.errors import (
    DivergenceError,
    LaunchError,
    MisalignedError,
    OutOfBoundsError,
    PtxSyntaxError,
    RaceError,
    TrapError,
    UninitialisedError,
)
from tests.ptx_interpreter.machine import PtxMachine
from tests.ptx_interpreter.small_programs import HEADER, STORE, run

# Mistakes that must be found ------------------------------------------------------------------------------------------

SHARED = ".shared .align 16 .b8 buffer[128];"
OWN = "mov.u32 %r4, buffer; mad.lo.u32 %r5, %t, 4, %r4;"
"""%r5 is the thread's own place in the buffer."""


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("st.global.u32 [%rd1], 1;", OutOfBoundsError, "accesses 4 bytes at 0x"),
        ("st.global.u32 [0], 1;", OutOfBoundsError, r"at 0x0, below every allocation"),
        (
            "mad.wide.u32 %rd1, %t, 16, %out; st.global.u32 [%rd1], 1;",
            OutOfBoundsError,
            r"test: thread \(16, 0, 0\) of block \(0, 0, 0\) accesses 4 bytes at 0x[0-9a-f]+, 0 bytes after the end of "
            r"allocation \(256 bytes\). Line \d+: st.global.u32",
        ),
        ("ld.global.u32 %r1, [%out+-4];", OutOfBoundsError, "accesses 4 bytes"),
        (
            "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%out+248];",
            MisalignedError,
            "16 bytes at address .*, no multiple of 16",
        ),
        ("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%out+256];", OutOfBoundsError, "accesses 16 bytes"),
        ("ld.global.u16 %r1, [%out+1];", MisalignedError, "no multiple of 2"),
        ("st.shared.u32 [buffer+128], 1;", OutOfBoundsError, "offset 128 of shared memory, which has 128 bytes"),
        ("st.shared.u32 [buffer+2], 1;", MisalignedError, "no multiple of 4"),
        ("st.local.u32 [own+16], 1;", OutOfBoundsError, "offset 16 of local memory, which has 16 bytes"),
        ("ld.shared.u32 %r1, [buffer];", UninitialisedError, "reads 4 bytes of shared memory, some .* never written"),
        (
            "st.shared.u8 [buffer], 1; bar.sync 0; ld.shared.u16 %r1, [buffer];",
            RaceError,
            r"thread \(0, 0, 0\) of block \(0, 0, 0\) writes a byte of shared .* written by thread \(31, 0, 0\)",
        ),
        (
            "setp.eq.u32 %p2, %t, 0; @%p2 st.shared.u8 [buffer], 1; bar.sync 0; ld.shared.u16 %r1, [buffer];",
            UninitialisedError,
            "reads 2 bytes of shared memory, some of which were never written",
        ),
        ("ld.local.v4.u32 {%r1, %r2, %r3, %r6}, [own];", UninitialisedError, "reads 16 bytes of local memory"),
        ("red.shared.add.u32 [buffer], 1;", UninitialisedError, "changes shared memory that was never written"),
        (
            "mov.u64 %rd1, numbers; st.global.u32 [%rd1], 1;",
            OutOfBoundsError,
            "writes to variable numbers, which is constant",
        ),
        (f"{OWN} st.shared.u32 [%r5], 1; ld.shared.u32 %r1, [%r5+-4];", OutOfBoundsError, r"thread \(0, 0, 0\)"),
        (
            f"{OWN} st.shared.u32 [%r5], 1; ld.shared.u32 %r1, [buffer+4];",
            RaceError,
            "reads a byte of shared .* written by",
        ),
        (
            f"{OWN} st.shared.u32 [%r5], 1; bar.sync 0; ld.shared.u32 %r1, [buffer]; st.shared.u32 [%r5], 2;",
            RaceError,
            r"thread \(0, 0, 0\) of block \(0, 0, 0\) writes a byte of shared .* read by thread \(31, 0, 0\)",
        ),
        (
            "@%p1 bar.sync 0;",
            DivergenceError,
            r"never come: 7 threads of the block wait here; of the others, 25 have returned",
        ),
        (
            "@%p1 bra a; bar.sync 0; bra b; a: bar.sync 0; b:",
            DivergenceError,
            r"thread \(7, 0, 0\) .* 25 threads of the block wait here; of the others, 7 wait in line \d+",
        ),
        (
            "@%p1 bra a; call waiting, (); a:",
            DivergenceError,
            r"waiting: thread \(7, 0, 0\) .* 25 threads of the block wait here; of the others, 7 did not call waiting",
        ),
        ("call deep, ();", TrapError, "calls functions too deeply"),
    ],
)
def test_mistakes(body: str, error: type[Exception], message: str) -> None:
    declarations = f"""{SHARED} .const .u32 numbers[4];
        .func waiting() {{ bar.sync 0; ret; }}
        .func deep() {{ call deep, (); ret; }}"""
    start = ".local .align 16 .b8 own[16]; mov.u64 %rd1, 8; setp.lt.u32 %p1, %t, 7;"
    with pytest.raises(error, match=message):
        run(f"{start} {body}", declarations=declarations)


@pytest.mark.parametrize(
    "body",
    [
        f"{OWN} st.shared.u32 [%r5], 1; ld.shared.u32 %r1, [%r5]; st.shared.u32 [%r5], 2;",
        f"{OWN} st.shared.u32 [%r5], 1; bar.sync 0; ld.shared.u32 %r1, [buffer]; ld.shared.u32 %r1, [%r5];",
        f"{OWN} st.shared.u32 [%r5], 1; bar.warp.sync 0xffffffff; ld.shared.u32 %r1, [buffer];"
        "bar.warp.sync 0xffffffff; st.shared.u32 [%r5], 1;",
        "setp.eq.u32 %p1, %t, 0; @%p1 st.shared.u32 [buffer], 0; bar.sync 0; red.shared.add.u32 [buffer], 1;",
        "@%p2 ld.global.u32 %r1, [0]; @%p2 bar.sync 0;",
        "@%p2 atom.global.add.u32 %r1, [0], 1; @%p2 trap; @%p2 st.shared.u32 [buffer+1000], 1;",
    ],
)
def test_what_is_right_is_not_refused(body: str) -> None:
    run(f"setp.gt.u32 %p2, %t, 1000; {body}", declarations=SHARED)


def test_warps_are_not_ordered_among_each_other() -> None:
    body = f"{OWN} st.shared.u32 [%r5], 1; bar.warp.sync -1; ld.shared.u32 %r1, [buffer];"
    with pytest.raises(RaceError, match=r"thread \(32, 0, 0\) .* written by thread \(0, 0, 0\)"):
        run(body, 64, declarations=".shared .align 16 .b8 buffer[256];")


def test_blocks_have_their_own_shared_memory() -> None:
    body = f"""
        mov.u32 %r2, %ctaid.x;
        setp.eq.u32 %p1, %t, 0; @%p1 st.shared.u32 [buffer], %r2;
        bar.sync 0;
        ld.shared.u32 %r1, [buffer];
        mad.lo.u32 %t, %r2, 4, %t;
        {STORE}"""
    found = run(body, 4, 16, declarations=SHARED)
    assert found.tolist() == [t // 4 for t in range(64)]


def test_the_block_is_named() -> None:
    body = """
        mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ctaid.y; mad.lo.u32 %r2, %r3, 2, %r2;
        setp.eq.u32 %p1, %r2, 5; @%p1 st.global.u32 [0], 1;"""
    with pytest.raises(OutOfBoundsError, match=r"thread \(0, 0, 0\) of block \(1, 2, 0\)"):
        run(body, 4, (2, 3))


# Asynchronous copies --------------------------------------------------------------------------------------------------

_COPY = """
    mov.u32 %r4, buffer; mad.lo.u32 %r5, %t, 16, %r4; mad.wide.u32 %rd1, %t, 16, %out;
    cp.async.cg.shared.global.L2::128B [%r5], [%rd1], 16;
    cp.async.commit_group;
    cp.async.ca.shared.global [%r5+512], [%rd1], 8, 4;
    cp.async.commit_group;
"""
_COPIED = ".shared .align 16 .b8 buffer[1024];"


def test_asynchronous_copies() -> None:
    body = f"""{_COPY}
        cp.async.wait_group 1; ld.shared.u32 %r1, [%r5+12];
        cp.async.wait_all; ld.shared.u32 %r2, [%r5+512]; ld.shared.u32 %r3, [%r5+516];
        mad.wide.u32 %rd2, %t, 4, %out; st.global.u32 [%rd2+512], %r1; st.global.u32 [%rd2+640], %r2;
        st.global.u32 [%rd2+768], %r3;"""
    machine = PtxMachine()
    module = machine.load(f"""{HEADER}{_COPIED}
        .visible .entry test(.param .u64 out_param) {{
            .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .b32 %t; .reg .b64 %out;
            ld.param.u64 %out, [out_param]; mov.u32 %t, %tid.x; {body} ret;
        }}""")
    out = machine.put(np.arange(256, dtype=np.int32))
    module.launch("test", 1, 32, 0, [out])
    found = machine.get(out, 256, np.int32)
    assert found[128:160].tolist() == list(range(3, 128, 4))
    assert found[160:192].tolist() == list(range(0, 128, 4))
    assert found[192:224].tolist() == [0] * 32


@pytest.mark.parametrize("wait", ["", "cp.async.wait_group 2;"])
def test_a_copy_must_be_waited_for(wait: str) -> None:
    with pytest.raises(UninitialisedError, match="reads 4 bytes of shared memory"):
        run(f"{_COPY} {wait} ld.shared.u32 %r1, [%r5];", values=256, declarations=_COPIED)


def test_copies_need_a_barrier_before_others_read() -> None:
    with pytest.raises(RaceError, match="reads a byte of shared memory that was written by"):
        run(f"{_COPY} cp.async.wait_all; ld.shared.u32 %r1, [buffer];", values=256, declarations=_COPIED)
    run(f"{_COPY} cp.async.wait_all; bar.sync 0; ld.shared.u32 %r1, [buffer];", values=256, declarations=_COPIED)


# Launches and texts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"block": 2000}, r"a block of \(2000, 1, 1\) threads; every number must be 1 to \(1024, 1024, 64\)"),
        ({"block": (64, 32)}, "2048 threads in a block, at most 1024 are allowed"),
        ({"grid": 0}, r"a grid of \(0, 1, 1\) blocks"),
        ({"grid": (1, 70000)}, r"a grid of \(1, 70000, 1\) blocks"),
        ({"block": (1, 1, 1, 1)}, "1 to 3 sizes, not 4"),
        ({"shared_bytes": 50000}, "50000 bytes of shared memory on top of 128, at most 49024 are allowed"),
        ({"block": 64, "directives": ".maxntid 32, 1, 1"}, "64 threads in a block, at most 32 are allowed"),
    ],
)
def test_launches_that_a_driver_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(LaunchError, match=message):
        run("st.shared.u32 [buffer], 1;", declarations=SHARED, **settings)


def test_wrong_arguments() -> None:
    module = PtxMachine().load(f"{HEADER}.visible .entry test(.param .u64 a, .param .f32 b, .param .b32 c) {{ ret; }}")
    module.launch("test", 1, 1, 0, [ctypes.c_void_p(5), 1, 2.5])
    with pytest.raises(LaunchError, match="test: 1 arguments for 3 parameters"):
        module.launch("test", 1, 1, 0, [1])
    with pytest.raises(LaunchError, match="for a has 4 bytes, not 8"):
        module.launch("test", 1, 1, 0, [ctypes.c_int(1), 1.0, 1])
    with pytest.raises(LaunchError, match="'x' for a is no number, ctypes value or bytes"):
        module.launch("test", 1, 1, 0, ["x", 1.0, 1])
    with pytest.raises(LaunchError, match="no kernel 'other'; the module has test"):
        module.launch("other", 1, 1)
    kernel = module.kernels["test"]
    assert [(parameter.name, parameter.size) for parameter in kernel.parameters] == [("a", 8), ("b", 4), ("c", 4)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "line 1: 'hello' is not known at the top of a module"),
        ("", "line 1: a PTX module begins with .version"),
        (".version 8.0\n.address_size 32", "line 2: the interpreter knows only addresses of 64 bits"),
        (HEADER + ".visible .entry k() {\n ?\n}", "line 5: '\\?.*is not PTX"),
        (HEADER + ".visible .entry k() {\n bra nowhere;\n}", "line 5: no such label: bra nowhere"),
        (HEADER + ".visible .entry k() {\n a: ret;\n a: ret;\n}", "line 6: the label 'a' exists already"),
        (HEADER + ".visible .entry k() {\n ret;", "line 5: the text ends too early"),
        (HEADER + ".extern .func f();\n.visible .entry k() {\n call f, ();\n}", "'f' is declared but not defined"),
        (HEADER + ".func f() { ret; }\n.visible .entry k() {\n call f, (k);\n}", "f has other arguments or results"),
        (HEADER + ".visible .entry k() {\n call g, ();\n}", "only calls of functions by name"),
        (HEADER + ".visible .entry k() { .reg .b7 %r; ret; }", "registers of type 'b7' are not known"),
        (HEADER + ".extern .global .b8 x[];", "the variable 'x' has no size"),
    ],
)
def test_texts_that_are_no_ptx(text: str, message: str) -> None:
    with pytest.raises(PtxSyntaxError, match=message):
        PtxMachine().load(text)
