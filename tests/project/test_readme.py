"""What the README and the first page of the documentation say must run as it stands, and lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_PAGE = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
TABS = re.findall(r"tab-item:: (.*)\n\n +\.\. code-block:: python\n((?:\n| {9}.*\n)+)", FIRST_PAGE)


def test_python_blocks_run_one_after_the_other() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["nearest"].shape == (10_000, 10)
    assert names["gradient"].shape == (10_000, 3)


def test_the_program_for_pykeops_runs(tmp_path: Path) -> None:
    (program,) = re.findall(r"```py\n(.*?)```", README, flags=re.DOTALL)
    script = tmp_path / "script.py"
    script.write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "pairfold.pykeops", str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "torch.Size([10000, 1])\n"


@pytest.mark.parametrize(("title", "block"), TABS, ids=[title for title, _ in TABS])
def test_first_page_runs(title: str, block: str) -> None:
    names: dict[str, object] = {}
    exec(compile(textwrap.dedent(block), title, "exec"), names)
    assert {"a", "gradient"} & names.keys()


def test_first_page_has_a_program_for_every_front_end() -> None:
    assert [title for title, _ in TABS] == ["NumPy", "PyTorch", "JAX", "A formula"]


def test_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"\bmake (\w+)", README + FIRST_PAGE))
    assert {"demo", "test"} <= commands
    for command in commands:
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE), command


def test_links_are_whole_and_lead_somewhere() -> None:
    """On PyPI a relative link leads nowhere; the addresses of the project are those that its metadata states."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    pages, source = urls["Documentation"], urls["Source"]
    files = source.replace("github.com", "raw.githubusercontent.com")
    links = re.findall(r"\]\(([^)]*)\)", README)
    assert len(links) > 10
    for link in links:
        assert link.startswith("https://"), link
        if link.startswith(pages):
            page = link.removeprefix(f"{pages.rstrip('/')}/").removesuffix(".html")
            assert page == "gallery/index" or (ROOT / "docs" / f"{page}.rst").is_file(), link
        elif link.startswith((source, files)):
            assert (ROOT / re.sub(r"^.*?/main/", "", link)).is_file(), link
        else:
            assert link == "https://www.kernel-operations.io", "add the address to this test when it has been looked at"


def test_picture_is_small() -> None:
    assert (ROOT / "docs" / "_static" / "demo.jpg").stat().st_size < 200_000
