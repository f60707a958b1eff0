"""A card: the facts about an object as a small table, in HTML that fits bright and dark pages.

It has no colour of its own but grey and blue, which show on both, and no style sheet, which some notebooks leave out.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Card", "Fact", "Shown", "shortened"]

LONGEST = 600
"""Characters of a text on a card; the rest is left out."""

MOST_FACTS = 40
"""Lines of a card."""

_FRAME = "display:inline-block;max-width:48em;border:1px solid rgba(128,128,128,.5);border-radius:6px;padding:.5em .8em"
_NAME = "text-align:left;vertical-align:top;padding:.1em 1.2em .1em 0;opacity:.7;white-space:nowrap;font-weight:normal"
_TEXT = "text-align:left;vertical-align:top;padding:.1em 0"
_CODE = "background:none;color:inherit;padding:0;white-space:pre-wrap;overflow-wrap:anywhere"
_BAR = "display:inline-block;width:8em;height:.6em;margin-right:.6em;border:1px solid rgba(128,128,128,.7)"
_FILL = "display:block;height:100%;background:#3b82f6"
_IMAGE = "image-rendering:pixelated;border:1px solid rgba(128,128,128,.7);background:none;margin:.4em 0 0 0"


def shortened(text: str, most: int = LONGEST) -> str:
    """Return `text`, without its middle where it is longer than `most` characters.

    Examples
    --------
    >>> shortened("a" * 50 + "z" * 50, 20)
    'aaaaaaaaa...zzzzzzzz'
    """
    if len(text) <= most:
        return text
    kept = most - 3
    return f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"


@dataclass(frozen=True)
class Fact:
    """One line of a card.

    Attributes
    ----------
    name, text : str
        What it is about, and what there is to say.
    is_code : bool
        Whether the text is a formula or a part of a program.
    share : float, optional
        A number from 0 to 1 that is shown as a bar beside the text.
    """

    name: str
    text: str
    is_code: bool = False
    share: float | None = None

    def html(self) -> str:
        """Return a row of a table."""
        text = escape(shortened(self.text))
        if self.is_code:
            text = f'<code style="{_CODE}">{text}</code>'
        if self.share is not None:
            # What is there is seen, however little it is.
            width = 100 * min(max(self.share, 0.02 if self.share > 0 else 0.0), 1.0)
            text = f'<span style="{_BAR}"><span style="{_FILL};width:{width:.1f}%"></span></span>{text}'
        name = f'<th style="{_NAME}">{escape(self.name)}</th>'
        return f'<tr style="background:none">{name}<td style="{_TEXT}">{text}</td></tr>'


@dataclass(frozen=True)
class Card:
    """What a notebook shows of an object.

    Attributes
    ----------
    title : str
        What the object is.
    facts : sequence of Fact
        In the order of the lines.
    image : str
        Address of a picture, ``data:`` and all; empty for none.
    size : tuple of int
        Width and height of the picture in pixels.
    """

    title: str
    facts: Sequence[Fact]
    image: str = ""
    size: tuple[int, int] = (0, 0)

    def html(self) -> str:
        """Return the card as HTML, complete in itself."""
        title = escape(shortened(self.title, 200))
        facts = list(self.facts[:MOST_FACTS])
        if len(self.facts) > MOST_FACTS:
            facts.append(Fact("...", f"and {len(self.facts) - MOST_FACTS} more"))
        rows = "".join(fact.html() for fact in facts)
        table = f'<table style="border:none;margin:.3em 0 0 0;border-collapse:collapse">{rows}</table>' if rows else ""
        width, height = self.size
        place = f'alt="{title}" width="{width}" height="{height}" style="{_IMAGE}"'
        image = f'<div><img src="{self.image}" {place}></div>' if self.image else ""
        return f'<div style="{_FRAME}"><strong>{title}</strong>{table}{image}</div>'


class Shown:
    """An object that notebooks show as a card; nothing is worked out before it is looked at."""

    __slots__ = ()

    @abstractmethod
    def _card(self) -> Card:
        """Return what is to be seen."""

    def _repr_html_(self) -> str:
        return self._card().html()
