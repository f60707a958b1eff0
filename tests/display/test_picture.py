"""Pictures of matrices: in text, as an image, as a plot."""

from __future__ import annotations

import sys

import matplotlib as mpl
import numpy as np
import pytest

from pairfold.display import Picture, axes_for
from pairfold.errors import MissingPackageError
from pairfold.sparsity.counting import count_blocks
from tests.display.html import image_of, read

mpl.use("Agg")

HALF = np.array([[0, 2], [2, 4]]), np.array([1, 2]), np.array([[0, 3], [2, 6]])


def picture(rows: int = 4, columns: int = 6, note: str = "") -> Picture:
    return Picture("a <picture>", rows, columns, lambda i, j: count_blocks(HALF, i, j), note)


def test_text() -> None:
    assert repr(picture()) == (
        "a <picture>\n14 of 4 x 6 pairs kept, 58.3 % (# all, + some, . none)\n###...\n###...\n..####\n..####"
    )


def test_text_of_many_rows_has_one_character_for_several() -> None:
    def count(edges_i: list[int], edges_j: list[int]) -> np.ndarray:
        areas = np.outer(np.diff(edges_i), np.diff(edges_j)).astype(float)
        if len(areas) > 1:
            areas[0], areas[1] = 0, areas[1] - 1
        return areas

    lines = repr(Picture("", 16_000, 32_000, count)).splitlines()[2:]
    assert lines == ["." * 32, "+" * 32, *["#" * 32] * 14]


@pytest.mark.parametrize("shape", [(0, 6), (4, 0), (0, 0)])
def test_nothing_is_drawn_of_nothing(shape: tuple[int, int]) -> None:
    nothing = picture(*shape)
    assert "0 of" in repr(nothing)
    assert read(nothing._repr_html_()).images == []
    assert len(nothing.plot().images) == 0


def test_image_is_blue_where_pairs_are_kept_and_clear_elsewhere() -> None:
    page = read(picture()._repr_html_())
    image = image_of(page)
    assert image.shape == (4, 6, 4)
    np.testing.assert_array_equal(image[..., 3] == 1, picture().shares(4, 6) == 1)
    np.testing.assert_array_equal(image[..., 3] == 0, picture().shares(4, 6) == 0)
    assert page.facts == {"kept": "14 of 4 x 6 pairs kept, 58.3 %"}


def test_a_note_stands_in_the_place_of_a_picture() -> None:
    found = picture(note="too fine")
    assert repr(found) == "a <picture>\ntoo fine"
    assert read(found._repr_html_()).facts == {"picture": "too fine"}
    assert (found.pairs, found.share) == (0, 0)


def test_plot() -> None:
    ax = picture().plot()
    np.testing.assert_array_equal(ax.images[0].get_array(), picture().shares(4, 6))
    assert ax.get_title() == "a <picture>\n14 of 4 x 6 pairs kept, 58.3 %"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("column j", "row i")
    assert picture().plot(ax) is ax
    assert len(ax.images) == 2


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r"^plot\(\) draws with matplotlib.*`pip install pairfold\[plot\]`"):
        axes_for()
