"""The gallery: how Sphinx-Gallery makes pages of the programs in examples/gallery, and which of them ran.

A program is executed when its text has changed since the last build, or when the library has: Sphinx-Gallery keeps a
digest of the former beside each page, and here one of the library is kept beside it. With ``PAIRFOLD_GALLERY=full`` in
the environment all of them are executed, at the full sizes that they state.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "examples" / "gallery"
PAGES = ROOT / "docs" / "gallery"
SECTIONS = ["first_steps", "learning", "shapes_and_transport", "physics_and_networks", "masks"]

PICTURES = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "image.cmap": "magma",
}
"""Settings of Matplotlib on the pages: the programs need none of their own."""


def programs() -> list[Path]:
    """Return the programs, a page each."""
    return sorted(PROGRAMS.glob("*/*.py"))


def fingerprint() -> str:
    """Return a number that changes with the sources of the library."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src" / "pairfold").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def digests(program: Path, pages: Path = PAGES) -> tuple[Path, Path]:
    """Return the files that tell what was executed for a page: the text of the program, and the library."""
    page = pages / program.relative_to(PROGRAMS)
    return page.with_suffix(".py.md5"), page.with_suffix(".library")


def ran(program: Path, pages: Path = PAGES) -> bool:
    """Tell whether a program ran to its end, as it is, with this state of the library, when its page was built."""
    of_text, of_library = digests(program, pages)
    if not (of_text.is_file() and of_library.is_file()):
        return False
    text = program.read_text(encoding="utf-8").encode()
    same_text = of_text.read_text(encoding="utf-8") == hashlib.md5(text, usedforsecurity=False).hexdigest()
    return same_text and of_library.read_text(encoding="utf-8") == fingerprint()


def forget(pages: Path = PAGES) -> None:
    """Let Sphinx-Gallery execute again what ran with another state of the library; at full size, all."""
    for program in programs():
        if os.environ.get("PAIRFOLD_GALLERY") == "full" or not ran(program, pages):
            digests(program, pages)[0].unlink(missing_ok=True)


class Settings:
    """What Sphinx-Gallery calls before and after each program: pictures look alike, and warnings are errors.

    What a program does to the environment ends with it.
    """

    def __init__(self) -> None:
        self.context = warnings.catch_warnings()
        self.environment = dict(os.environ)

    def __call__(self, _configuration: dict[str, Any], file: str, when: str) -> None:
        """Set what holds while a program runs, or take it back."""
        if when == "before":
            import matplotlib as mpl

            mpl.rcParams.update(PICTURES)
            self.environment = dict(os.environ)
            self.context = warnings.catch_warnings()
            self.context.__enter__()
            warnings.simplefilter("error")
        else:
            self.context.__exit__()
            os.environ.clear()
            os.environ.update(self.environment)
            (program,) = (one for one in programs() if one.name == file)
            digests(program)[1].write_text(fingerprint(), encoding="utf-8")


settings = Settings()


def configuration() -> dict[str, Any]:
    """Return the configuration of Sphinx-Gallery.

    It is called before NumPy and PyTorch are imported. Their threads wait for each other in loops: beside other
    programs, small operations of the pages would take a hundred times as long.
    """
    os.environ.setdefault("PAIRFOLD_NUM_THREADS", str(os.cpu_count() or 1))
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    forget()
    return {
        "examples_dirs": ["../examples/gallery"],
        "gallery_dirs": [PAGES.name],
        "filename_pattern": "",
        "subsection_order": [f"../examples/gallery/{section}" for section in SECTIONS],
        "within_subsection_order": "FileNameSortKey",
        "reset_modules": ("matplotlib", "gallery.settings"),
        "reset_modules_order": "both",
        "reference_url": {"pairfold": None},
        "image_srcset": ["2x"],
        "remove_config_comments": True,
        # What a last line returns is printed, but for handles that say nothing except where they lie in memory.
        "ignore_repr_types": r"matplotlib|torch\._C",
        "download_all_examples": False,
        "show_signature": False,
        "write_computation_times": False,
        "min_reported_time": 1,
    }
