"""The command that tries random programs finds what is wrong, makes it smaller, and goes on where it was stopped."""

from __future__ import annotations

import io
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.programs import STEPS, draw, text
from tools import fuzz_formulas as fuzz


def test_a_few_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--count", "4", "--seed", "5", "--folder", str(tmp_path)]) == 0
    assert "0 faults" in capsys.readouterr().out


def test_a_fault_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEPS, "sin", replace(STEPS["sin"], lazy="{0}.sin() * 1.001"))
    program = next(
        program
        for program in (draw(random.Random(number), is_formula=False, reduction="sum") for number in range(1000))
        if any(
            name == "sin" and k + len(program.arguments) in program.used(program.roots)
            for k, (name, _, _) in enumerate(program.steps)
        )
        and fuzz.examine(program)
    )
    found = fuzz.examine(program)
    assert found is not None
    alarms: list[float] = []
    monkeypatch.setattr(fuzz.faulthandler, "dump_traceback_later", lambda limit, **_: alarms.append(limit))
    monkeypatch.setattr(fuzz.faulthandler, "cancel_dump_traceback_later", alarms.clear)
    program, found = fuzz.reduced(program, found, 60)
    assert alarms == []  # one that is left would end the process that tries other things by then
    assert [name for name, _, _ in program.steps] == ["sin"]
    assert found.kind == "wrong"
    assert ".sin() * 1.001" in text(program)


@pytest.mark.parametrize(
    ("line", "kind"),
    [("1 / 0", "exception"), ("import warnings; warnings.warn('hm')", "warning"), ("Vi('a')", "refused")],
)
def test_kinds_of_findings(line: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.programs._ending", lambda program: iter([line]))
    found = fuzz.examine(draw(random.Random(0)))
    assert found is not None
    assert found.kind == kind


def test_a_crash_is_found(tmp_path: Path) -> None:
    found = list(fuzz.supervise(0, 0, 2, 1e-6))  # no program is as fast as this
    assert [entry["kind"] for entry in found] == ["crash", "crash"]
    assert "Timeout" in found[0]["what"]


def test_a_long_message_keeps_its_two_ends() -> None:
    what = fuzz.crash(0, 1, "Timeout" + "frame " * 1000 + "MemoryError", 0)["what"]
    assert "Timeout" in what
    assert what.endswith("MemoryError")
    assert len(what) < 2200


def test_a_journal_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def supervise(seed: int, start: int, *_others: object) -> list[dict[str, object]]:
        begun.append(start)
        entry = {"case": start, "kind": "wrong", "where": "result", "what": "1 != 2", "program": "", "steps": ["sin"]}
        return [{**entry, "reduction": "sum"}]

    monkeypatch.setattr(fuzz, "supervise", supervise)
    for count in (50, 150):
        fuzz.run(1, count, 1, 60, fuzz.Journal(tmp_path, 1))
    assert begun == [0, 50, 100]
    findings = fuzz.Journal(tmp_path, 1).findings
    out = io.StringIO()
    assert fuzz.report(findings, out) == 3
    assert "wrong, 3 times (cases 0, 50, 100): 1 != 2" in out.getvalue()
    assert all(json.loads(line) for line in (tmp_path / "seed-1.jsonl").read_text().splitlines())
