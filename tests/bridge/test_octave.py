"""Octave and its Python process: interrupts, processes that are killed, several of them, files for both hosts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pairfold.bridge.packages import MATLAB

needs_octave = pytest.mark.skipif(shutil.which("octave-cli") is None, reason="octave-cli is not here")

HOST_FILES = ("transport_octave.m",)
ONLY_OCTAVE = re.compile(
    r"\b(printf|puts|fputs|fdisp|popen2|fcntl|kill|waitpid|unwind_protect|endfunction|endif|endwhile)\b"
)
SHARED = sorted(
    file
    for folder in ("+pairfold", "keopslab", "examples")
    for file in (MATLAB / folder).rglob("*.m")
    if file.name not in HOST_FILES
)

FOUND = "found 15 18"
LONG_WORK = "x = pairfold.Vi(rand(300000, 3)); y = pairfold.Vj(rand(300000, 3)); K = exp(-sqdist(x, y));"
SHORT_WORK = "f = sum(pairfold.Vi([1; 2]) + pairfold.Vj([3; 4; 5]), 2); fprintf('found %d %d\\n', f);"


class Session:
    """An Octave that reads commands from a pipe."""

    def __init__(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            ["octave-cli", "--no-history", "-q", "-i", "--no-line-editing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PAIRFOLD_PYTHON": sys.executable, **environment},
        )
        self.say(f"PS1(''); addpath('{MATLAB}');")

    def say(self, command: str) -> None:
        """Send a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def hear(self, mark: str) -> str:
        """Return what is printed up to a text."""
        assert self.process.stdout is not None
        text = ""
        while mark not in text:
            line = self.process.stdout.readline()
            assert line, text
            text += line
        return text

    def server(self) -> int:
        """Return the number of the Python process."""
        (found,) = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        return int(found)


@pytest.fixture
def octave() -> Iterator[Session]:
    session = Session()
    yield session
    session.process.kill()
    session.process.communicate()


def is_gone(process: int) -> bool:
    """Wait until a process has ended."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1][0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@needs_octave
def test_an_interrupt_ends_the_computation_and_the_next_call_works(octave: Session) -> None:
    octave.say(SHORT_WORK)
    octave.hear(FOUND)
    server = octave.server()
    octave.say(f"{LONG_WORK} fprintf('begins\\n'); sum(K, 2); fprintf('ends\\n');")
    octave.hear("begins")
    time.sleep(0.5)
    octave.process.send_signal(signal.SIGINT)
    octave.say(SHORT_WORK)
    assert "ends" not in octave.hear(FOUND)
    assert octave.server() == server


@needs_octave
def test_a_killed_process_is_started_again(octave: Session) -> None:
    octave.say(SHORT_WORK)
    octave.hear(FOUND)
    first = octave.server()
    os.kill(first, signal.SIGKILL)
    time.sleep(0.1)
    octave.say(SHORT_WORK)
    assert "error" not in octave.hear(FOUND)
    octave.say(f"{LONG_WORK} fprintf('begins\\n'); sum(K, 2);")
    octave.hear("begins")
    time.sleep(0.5)
    os.kill(octave.server(), signal.SIGKILL)
    assert "The Python process has ended during the call" in octave.hear("error")
    octave.say(SHORT_WORK)
    octave.hear(FOUND)


@needs_octave
def test_two_sessions_have_two_processes_which_end_with_them(octave: Session) -> None:
    other = Session()
    for session in (octave, other):
        session.say(SHORT_WORK)
    for session in (octave, other):
        session.hear(FOUND)
    first, second = octave.server(), other.server()
    assert first != second
    other.say("exit")
    other.process.communicate(timeout=60)
    assert is_gone(second)
    octave.say(SHORT_WORK)
    octave.hear(FOUND)
    octave.process.kill()
    assert is_gone(first)


@needs_octave
@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("no-such-python", 'There is no Python "no-such-python"'),
        ("{without}", "has no pairfold. Install it there with"),
    ],
)
def test_a_python_that_will_not_do(python: str, message: str, tmp_path: Path) -> None:
    without = tmp_path / "python"
    without.write_text(f'#!/bin/sh\nPYTHONPATH= exec {sys.executable} -S -I "$@"\n')
    without.chmod(0o755)
    session = Session(PAIRFOLD_PYTHON=python.format(without=without))
    session.say(
        "try, pairfold.config(), catch reason, fprintf('%s: %s end\\n', reason.identifier, reason.message); end"
    )
    said = session.hear(" end")
    session.process.kill()
    session.process.communicate()
    assert "pairfold:MissingPackageError" in said
    assert message in said


@pytest.mark.parametrize("file", SHARED, ids=lambda file: file.name)
def test_files_for_both_hosts_are_matlab(file: Path) -> None:
    code = [
        re.sub(r"'[^'\n]*'", "''", line) for line in file.read_text().splitlines() if not line.lstrip().startswith("%")
    ]
    for line in (text.split("%")[0] for text in code):
        assert ONLY_OCTAVE.search(line) is None, line
        assert not re.search(r"[\"#]|!=|\+\+|\+=", line), line


@pytest.mark.parametrize(
    "file", [*(MATLAB / "+pairfold").glob("*.m"), *(MATLAB / "keopslab").glob("*.m")], ids=lambda file: file.name
)
def test_every_public_file_has_help(file: Path) -> None:
    lines = file.read_text().splitlines()[1:]
    end = next(number for number, line in enumerate(lines) if not line.startswith("%"))
    text = "\n".join(lines[:end])
    assert re.match(rf"% {file.stem.upper()}  \S", text)
    assert "%   Example\n" in text
    assert re.search(r"\b\w+ x \w+\b|struct|cell array|text", text), "no shapes"
