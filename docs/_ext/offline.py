"""What lets the site stand alone: a MathJax of its own for formulas, and a search that knows every operation.

MathJax comes from the package sphinx-mathjax-offline: one script and its fonts, 1.4 MB of its 24.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage
from sphinx.search.en import SearchEnglish
from sphinx.util.fileutil import copy_asset

from pairfold.ops import OPERATIONS

MATHJAX_FILES = ("tex-chtml.js", "output/chtml/fonts")


class SearchOperations(SearchEnglish):
    """English, in which the names of operations are words: ``where`` and ``not`` are looked for, not left out."""

    stopwords = frozenset(SearchEnglish.stopwords) - {
        word.lower() for name, op in OPERATIONS.items() for word in (name, op.method) if word
    }


def _copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        source = Path(str(distribution("sphinx-mathjax-offline").locate_file("sphinx-mathjax-offline/static/mathjax")))
        target = Path(app.outdir) / "_static" / "mathjax"
        for name in MATHJAX_FILES:
            copy_asset(source / name, target / name if (source / name).is_dir() else (target / name).parent)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the search language and the copy."""
    language: type[SearchLanguage] = SearchOperations
    app.add_search_language(language)
    app.connect("build-finished", _copy_mathjax)
    return {"parallel_read_safe": True}
