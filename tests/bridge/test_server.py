"""The bridge over pipes: frames, broken ones, interrupts, progress."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from tests.bridge.client import bytes_of, described, head_of, receive, send

LARGE = np.linspace(0, 1, 300_000).reshape(-1, 3)
HELLO = head_of("hello")
LONG_WORK = head_of(
    "genred",
    *(("formula", "Exp(-SqDist(x, y))"), ("alias", "x = Vi(3)"), ("alias", "y = Vj(3)"), ("reduction", "Sum")),
    *(("option", "progress", "true"), ("array", *described(LARGE)), ("array", *described(LARGE))),
)

Process = subprocess.Popen[bytes]


@pytest.fixture
def server() -> Iterator[Process]:
    command = [sys.executable, "-m", "pairfold.bridge", "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def asked(server: Process, head: str, data: bytes = b"") -> str:
    assert server.stdin is not None
    assert server.stdout is not None
    send(server.stdin, head, data)
    return receive(server.stdout)[0]


def test_requests_are_answered_until_the_input_ends(server: Process) -> None:
    assert asked(server, HELLO).startswith("ok\t")
    assert asked(server, "nonsense").startswith("error\tBridgeError")
    assert asked(server, HELLO).startswith("ok\t")
    assert server.stdin is not None
    server.stdin.close()
    assert server.wait() == 0


def test_a_request_that_breaks_off_ends_the_server(server: Process) -> None:
    assert server.stdin is not None
    server.stdin.write(struct.pack("<qq", 100, 0) + b"hello")
    server.stdin.close()
    assert server.wait() == 0


@pytest.mark.parametrize("frame", [b"\xff" * 16, struct.pack("<qq", 1, 2**60), struct.pack("<qq", 2, 0) + b"\xff\xff"])
def test_a_frame_that_is_none(server: Process, frame: bytes) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(frame)
    server.stdin.flush()
    assert receive(server.stdout)[0].startswith("error\tBridgeError")
    assert server.wait() == 1


@pytest.mark.cpu
@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="needs signals")
def test_an_interrupt_has_one_answer_and_the_server_goes_on(server: Process) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    send(server.stdin, LONG_WORK, bytes_of([LARGE, LARGE]))
    word, _, done, total = receive(server.stdout)[0].split("\t")
    assert word == "progress"
    assert 0 < int(done) < int(total)
    server.send_signal(signal.SIGINT)
    answers = iter(lambda: receive(server.stdout)[0], None)  # type: ignore[arg-type]
    answer = next(answer for answer in answers if not answer.startswith("progress"))
    assert answer == "error\tInterrupted,Exception\tThe computation was interrupted."
    server.send_signal(signal.SIGINT)  # nothing is computed: no effect
    assert asked(server, HELLO).startswith("ok\t")
