"""Cards: HTML that is well formed, says what it is given and no more."""

from __future__ import annotations

import pytest

from pairfold.display import Card, Fact, shortened
from pairfold.display.card import MOST_FACTS
from tests.display.html import read


def test_texts_are_escaped() -> None:
    card = Card("<b>title</b>", [Fact('"name"', "<script>alert(1)</script> & more"), Fact("code", "a<b", is_code=True)])
    page = read(card.html())
    assert page.tags == {"div", "strong", "table", "tr", "th", "td", "code"}
    assert page.texts[0] == "<b>title</b>"
    assert page.facts == {'"name"': "<script>alert(1)</script> & more", "code": "a<b"}


def test_no_style_sheet_and_no_colour_of_text_or_page() -> None:
    html = Card("title", [Fact("share", "all", share=1.0)]).html()
    assert "<style" not in html
    assert "class=" not in html
    assert "color:#" not in html.replace("background:#3b82f6", "")


@pytest.mark.parametrize(("share", "width"), [(0.0, "0.0%"), (1e-9, "2.0%"), (0.5, "50.0%"), (7.0, "100.0%")])
def test_bars_show_what_is_there(share: float, width: str) -> None:
    assert f"width:{width}" in Fact("share", "some", share=share).html()


def test_long_texts_and_long_lists_are_cut() -> None:
    facts = [Fact(str(number), "x" * 100_000) for number in range(1000)]
    html = Card("t" * 100_000, facts).html()
    assert len(html) < 60_000
    assert read(html).facts["..."] == f"and {1000 - MOST_FACTS} more"


def test_shortened_keeps_both_ends() -> None:
    assert shortened("short") == "short"
    text = shortened("begin" + "-" * 100 + "end", 21)
    assert (len(text), text[:5], text[-3:]) == (21, "begin", "end")


def test_the_reader_of_these_tests_notices_mistakes() -> None:
    for wrong in ("<div><b></div></b>", "<div>", '<img src="a" src="b">'):
        with pytest.raises(AssertionError):
            read(wrong)
