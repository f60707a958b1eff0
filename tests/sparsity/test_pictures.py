"""What masks and ranges look like, and that the pairs in a picture are those of the mask, at any size."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.sparsity import masks
from pairfold.sparsity.cluster import from_matrix, sort_clusters, swap_axes, tree_cluster
from pairfold.sparsity.counting import count_blocks, count_strip, equal_counter
from pairfold.sparsity.masks import Mask, band, lower, radius, segments, upper
from pairfold.sparsity.ranges import TILE, Ranges
from tests.display.html import image_of, read

mpl.use("Agg")

RANDOM = np.random.default_rng(3)
IDS = np.sort(RANDOM.integers(0, 6, 90))
POINTS = RANDOM.random((300, 2))
POINTS = sort_clusters(POINTS, tree_cluster(POINTS))[0]

MASKS: dict[str, tuple[Mask, tuple[int, int]]] = {
    "band(2)": (band(2), (30, 50)),
    "band(5, exact=False)": (band(5, exact=False), (200, 300)),
    "lower()": (lower(), (50, 30)),
    "lower(-3)": (lower(-3), (40, 40)),
    "upper(7, exact=False)": (upper(7, exact=False), (130, 200)),
    "segments(...)": (segments(IDS, IDS[::-1][:70]), (90, 70)),
    "radius(..., 0.1)": (radius(POINTS, POINTS[:200], 0.1), (300, 200)),
    "band(2) & segments(...)": (band(2) & segments(IDS, IDS), (90, 90)),
    "(lower() & band(3)) | upper(20)": (lower() & band(3) | upper(20), (60, 60)),
    "lower() & band(3) & upper()": (lower() & band(3) & upper(), (20, 25)),
}


def cells(table: np.ndarray, edges_i: list[int], edges_j: list[int]) -> np.ndarray:
    """Count by looking at every pair."""
    return np.array([[table[a:b, c:d].sum() for c, d in pairwise(edges_j)] for a, b in pairwise(edges_i)])


@pytest.mark.parametrize("call", MASKS)
def test_pictures_count_the_pairs_of_the_mask(call: str) -> None:
    mask, (rows, columns) = MASKS[call]
    picture, table = mask.picture(rows, columns), mask.dense(rows, columns)
    assert picture.title.startswith(f"{call}: ")
    assert picture.pairs == table.sum()
    assert picture.share == pytest.approx(table.mean())
    edges_i, edges_j = [0, 1, 17, rows], [0, 11, 12, columns - 1, columns]
    np.testing.assert_array_equal(picture.count(edges_i, edges_j), cells(table, edges_i, edges_j))
    six = mask.ranges(rows, columns)
    np.testing.assert_array_equal(six.picture(rows, columns).count(edges_i, edges_j), cells(table, edges_i, edges_j))
    np.testing.assert_array_equal(
        swap_axes(six).picture(columns, rows).count(edges_j, edges_i), cells(table, edges_i, edges_j).T
    )
    for shown in (mask, six):
        assert image_of(read(shown._repr_html_())).shape[2] == 4
        assert len(repr(shown).splitlines()) <= 2 + 16


def test_repr_of_a_mask_is_a_small_picture() -> None:
    assert repr(lower(1)) == "\n".join(
        [
            "lower(1): the pairs with j <= i + 1",
            "151 of 16 x 16 pairs kept, 59 % (# all, + some, . none)",
            *("#" * (i + 2) + "." * (14 - i) for i in range(15)),
            "#" * 16,
        ]
    )
    assert repr(upper(-2)).startswith("upper(-2): the pairs with j >= i - 2\n")
    assert repr(segments([1, 1, 2], [2, 1])) == (
        "segments(...): the pairs of equal numbers\n3 of 3 x 2 pairs kept, 50 % (# all, + some, . none)\n.#\n.#\n#."
    )
    assert repr(radius(POINTS, POINTS, 0.25)).startswith(
        f"radius(..., 0.25): tiles of {TILE} x {TILE} pairs that hold points at distance 0.25 or less, maybe others\n"
    )
    assert "shares a tile of 64 x 64 pairs" in repr(band(1, exact=False))
    assert repr(lower().T).startswith("upper()")


def test_masks_that_fit_every_size_show_what_they_are_about() -> None:
    for mask in (band(1000), lower(-1000), upper(999), band(1000, exact=False), band(10**30), lower(-(10**40))):
        picture = mask.picture()
        assert 0.01 < picture.share < 0.99
        assert {"#", "."} <= set("".join(repr(mask).splitlines()[2:]))
    assert band(3).picture(5).columns == band(3).picture(columns=5).rows == 16
    assert (segments(IDS, IDS) & lower()).picture().rows == len(IDS)


def test_a_million_rows_and_blocks() -> None:
    count = 1_000_000
    triples = segments(np.arange(count) // 3, np.arange(count) // 3)
    assert triples.picture().pairs == 3 * count - 2
    fewer = np.arange(count // 10) // 3
    both = segments(fewer, fewer) & band(1)
    assert both.picture().pairs == 3 * len(fewer) - 2 - 2 * (len(fewer) // 3)
    assert lower().picture(count, count).pairs == count * (count + 1) // 2
    six = triples.ranges(count, count)
    assert six.picture().pairs == 3 * count - 2
    for shown in (triples, both, six):
        assert len(repr(shown)) < 1000
        assert len(shown._repr_html_()) < 20_000


def test_masks_of_too_many_intervals_are_not_drawn() -> None:
    scattered = segments(np.arange(100_000) % 9, np.arange(100_000) % 9)
    assert scattered.picture().share == pytest.approx(1 / 9, rel=1e-4)
    assert repr(scattered & lower()) == (
        "segments(...) & lower(): the pairs that both keep\n"
        "not drawn for 100000 x 100000 pairs: up to 2222600000 intervals"
    )
    assert read((scattered & lower())._repr_html_()).images == []


def test_scattered_numbers_are_counted_without_their_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = RANDOM.integers(0, 40, 300)
    by_runs = segments(ids, ids[:200]).picture()
    monkeypatch.setattr(masks, "FINEST", 0)
    by_numbers = segments(ids, ids[:200]).picture()
    assert by_numbers.count.__module__ != by_runs.count.__module__
    np.testing.assert_array_equal(by_numbers.shares(16, 32), by_runs.shares(16, 32))


def test_nothing_is_worked_out_before_a_mask_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    for mask in (type(band(1)), type(segments([0], [0]))):
        monkeypatch.setattr(mask, "_lists", fail)
        monkeypatch.setattr(mask, "_counter", fail)
    made = band(1, exact=False) & segments(IDS, IDS)
    with pytest.raises(AssertionError):
        repr(made)


def test_a_mask_that_fits_no_size_says_so() -> None:
    assert repr(segments([1, 2], [1]) & segments([1], [1])) == (
        "segments(...) & segments(...)\n"
        "The mask segments(...) was made for 1 rows and 1 columns; the reduction has 2 rows and 1 columns."
    )


def test_mistakes_in_sizes() -> None:
    with pytest.raises(
        ArgumentValueError, match=r"mask segments\(\.\.\.\) was made for 3 rows and 2 columns; its pict"
    ):
        segments([1, 1, 2], [2, 1]).picture(4)
    with pytest.raises(ArgumentValueError, match="The number of rows or columns is -1; it must be at least 0"):
        band(1).picture(-1)
    with pytest.raises(ArgumentTypeError, match=r"The number of rows or columns is 2\.5, of type float"):
        band(1).plot(2.5)  # type: ignore[arg-type]


def test_ranges_are_a_tuple_that_shows_its_pairs() -> None:
    six = from_matrix([[0, 2], [3, 6]], [[0, 3], [3, 4], [6, 8]], [[True, False, True], [False, True, False]])
    assert isinstance(six, tuple)
    assert isinstance(swap_axes(six), Ranges)
    assert repr(six) == (
        "ranges: 2 blocks of rows with 3 intervals of columns\n"
        "13 of 6 x 8 pairs kept, 27.1 % (# all, + some, . none)\n"
        "###...##\n###...##\n........\n...#....\n...#....\n...#...."
    )
    assert six.picture(12, 8).share == six.picture().share / 2
    assert "overlap, and the later ones count" in repr(
        Ranges(*(np.array(part) for part in ([[0, 3], [1, 4]], [1, 2], [[0, 1], [1, 2]]) * 2))
    )
    empty = np.zeros((0, 2), np.int64), np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    assert "0 of 0 x 0 pairs" in repr(Ranges(*empty, *empty))


def test_plot() -> None:
    ax = (band(4) & lower()).plot(50, 40)
    assert ax.get_title().startswith("band(4) & lower(): the pairs that both keep\n")
    np.testing.assert_array_equal(ax.images[0].get_array() == 1, (band(4) & lower()).dense(50, 40))
    six = lower().ranges(9, 9)
    np.testing.assert_array_equal(six.plot(ax=ax).images[-1].get_array() == 1, lower().dense(9, 9))


def test_counting_is_exact_where_numbers_on_the_way_overflow() -> None:
    size = 2**31
    half = np.array([[5, size]]), np.array([1]), np.array([[size - 7, size]])
    assert count_blocks(half, [0, 6, size], [0, size - 3, size]).tolist() == [[4, 3], [4 * (size - 6), 3 * (size - 6)]]


def test_ways_to_count_agree() -> None:
    edges_i, edges_j = [0, 3, 40, 90], [0, 60, 61, 90]
    strip = lower(5) & upper(-2)
    half = strip.ranges(90, 90)[:3]
    np.testing.assert_array_equal(count_blocks(half, edges_i, edges_j), count_strip(-2, 5, edges_i, edges_j))
    half = segments(IDS, IDS).ranges(90, 90)[:3]
    np.testing.assert_array_equal(count_blocks(half, edges_i, edges_j), equal_counter(IDS, IDS)(edges_i, edges_j))
