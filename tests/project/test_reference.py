"""The reference: every public name has a place, internals have none, and examples run in every front end."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("jax")
pytest.importorskip("dask.array")
pytest.importorskip("sphinx")

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "_ext"))
try:
    import reference
    import sessions
finally:
    del sys.path[0]

import pairfold.numpy
import pairfold.torch

RECORDS = {name: record for name, record in sessions.records().items() if name != "where"}
"""`where` is a method of conditions, which has an example of its own."""


# ---------------------------------------------------------------- places


def documented(text: str) -> Iterator[str]:
    """Yield the names that a page has directives for."""
    module = last = ""
    for line in text.splitlines():
        directive = re.match(r"\.\. (\w+):: ([\w.]+)", line)
        option = re.match(r"   :members: *(.*)", line)
        if directive is None and option is None:
            continue
        if option is not None:
            listed = option[1].split(", ") if option[1] else getattr(sys.modules.get(last), "__all__", ())
            yield from (f"{last}.{member}" for member in listed)
            continue
        kind, name = directive.groups()  # type: ignore[union-attr]
        if kind in ("currentmodule", "automodule"):
            module = last = name
        elif kind.startswith("auto"):
            last = name if name.startswith("pairfold.") else f"{module}.{name}"
            yield last


@pytest.fixture(scope="module")
def names() -> set[str]:
    texts = [page.text for page in reference.pages().values()]
    texts += [path.read_text(encoding="utf-8") for path in reference.PAGES.glob("*.rst")]
    found = {name for text in texts for name in documented(text)}
    shared = {
        f"{module.__name__}.{name}"
        for module in reference.modules()
        for name in reference.names_of(module)
        if reference.canonical(module, name) in found
    }
    return found | shared


def test_every_public_name_has_a_place(names: set[str]) -> None:
    assert len(reference.public_names()) > 700
    assert reference.missing(names) == []


@pytest.mark.parametrize(
    "name",
    ["pairfold.torch.LazyTensor.argKmin", "pairfold.jax.band", "pairfold.Nystrom", "pairfold.errors.FormulaError"],
)
def test_a_name_without_a_place_is_found(name: str, names: set[str]) -> None:
    assert name in names
    assert reference.missing(names - {name}) == [name]


def test_internals_have_no_place(names: set[str]) -> None:
    internal = {"adapter", "complex_type", "real_type", "dialect", "routine_type", "carry_out", *reference.INTERNAL}
    assert [name for name in names if name.rpartition(".")[2] in internal] == []
    assert "amax" not in reference.members(pairfold.numpy.LazyTensor)
    assert {"shape", "T", "concatenate", "exp", "sum_reduction"} <= {*reference.members(pairfold.torch.LazyTensor)}


def test_every_method_is_on_one_page() -> None:
    groups = reference.grouped(pairfold.numpy.LazyTensor)
    methods = [method for group in groups.values() for method in group]
    assert len(methods) == len(set(methods))
    assert {*reference.members(pairfold.numpy.LazyTensor)} < {*methods}
    assert groups["facts"] == ["backend", "dim", "dtype", "formula", "is_symbolic", "ndim", "ranges", "shape"]


def test_pages_are_written_when_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "PAGES", tmp_path)
    monkeypatch.setattr(reference, "pages", lambda: {"numpy/Genred": reference.Page("Genred", ("text",))})
    (tmp_path / "numpy").mkdir()
    old, new = tmp_path / "numpy" / "gone.rst", tmp_path / "numpy" / "Genred.rst"
    old.write_text("a page of another day")
    reference.write_pages(None)
    assert not old.exists()
    assert new.read_text() == "Genred\n======\n\ntext\n"
    before = new.stat().st_mtime_ns
    reference.write_pages(None)
    assert new.stat().st_mtime_ns == before


def test_pages_that_nobody_can_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(reference, "logger", SimpleNamespace(warning=lambda text, *given: told.append(text % given)))
    (tmp_path / "reference").mkdir()
    app: Any = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(name="html"))
    (tmp_path / "reference" / "good.html").write_text("f(x)")
    reference.check_pages(app, None)
    assert told == []
    (tmp_path / "reference" / "large.html").write_text("a" * (reference.LARGEST_PAGE + 1))
    (tmp_path / "reference" / "bad.html").write_text(f"f(x=<object at 0x7f00aa>, place={reference.ROOT}/src)")
    reference.check_pages(app, None)
    assert len(told) == 3
    assert any("large.html has" in text for text in told)
    assert any("' at 0x7f00aa'" in text for text in told)


# ---------------------------------------------------------------- examples


def result(statements: list[str], room: str) -> list[Any]:
    """Return what the last statement gives, as NumPy arrays."""
    adapter = sys.modules[room].LazyTensor.adapter
    names: dict[str, Any] = {}
    for statement in (*sessions.SETUP, *statements[:-1]):
        sessions.printed(sessions.in_words_of(statement, room, adapter), names)
    found = eval(sessions.in_words_of(statements[-1], room, adapter), names)
    return [np.asarray(array) for array in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("method", RECORDS)
def test_example_of_a_method(method: str) -> None:
    example = sessions.example_of(RECORDS[method])
    assert f".{method}(" in example.call
    expected = result(example.statements(), "pairfold.numpy")
    assert all(array.size > 1 and np.isfinite(array).all() for array in expected)
    for array, other in zip(expected, result(example.statements(), "pairfold.torch"), strict=True):
        np.testing.assert_allclose(other, array, rtol=2e-5, atol=1e-6)


def test_lines_of_an_example() -> None:
    lines = sessions.example_lines(RECORDS["argKmin"], "pairfold.torch")
    assert lines[0] == ">>> x = Vi(torch.asarray([[0.0], [5.0]]))"
    assert lines[-3:] == [">>> (x - y).abs().argKmin(2, axis=1)", "tensor([[0, 1],", "        [2, 1]])"]


def test_examples_are_retold() -> None:
    written = ["Sum.", "", ">>> import numpy as np", ">>> np.asarray([1.0])", "array([1.])", "", "End."]
    told = ["Sum.", "", ">>> import torch", ">>> torch.asarray([1.0])", "tensor([1.])", "", "End."]
    assert sessions.retold(written, "pairfold.torch", {}) == told
    assert sessions.retold(told, "pairfold.torch", {}) == told


def test_numbers_are_simple() -> None:
    assert sessions.numbers(-2, 2, 4) == [-2, -1, 1, 2]
    assert sessions.numbers(-0.9, 0.9, 4) == [-0.75, -0.25, 0.25, 0.75]
    with pytest.raises(ValueError, match="no 9 simple numbers"):
        sessions.numbers(0, 0.1, 9)


def test_docstrings_of_methods_say_shapes() -> None:
    for method in RECORDS:
        text = getattr(pairfold.numpy.LazyTensor, method).__doc__ or ""
        assert "Returns\n" in text, method
        assert "shape (" in text, method
