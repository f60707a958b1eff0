"""Reads HTML, and fails where it is not well formed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO

import matplotlib.image
import numpy as np

__all__ = ["Page", "image_of", "read"]

EMPTY = ("img", "br", "hr")


@dataclass
class Page:
    """What HTML says."""

    texts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)

    @property
    def facts(self) -> dict[str, str]:
        """Name and text of the lines of a card."""
        _, *rest = self.texts
        return dict(zip(rest[::2], rest[1::2], strict=True))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.add(tag)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        if tag == "img":
            self.page.images.append(dict(attrs)["src"] or "")
        if tag not in EMPTY:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.page.texts.append(data)


def read(html: str) -> Page:
    """Return what `html` says; every tag must be closed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.opened == []
    return reader.page


def image_of(page: Page) -> np.ndarray:
    """Return the one image of a page: height, width, four numbers from 0 to 1."""
    (address,) = page.images
    kind, data = address.split(",")
    assert kind == "data:image/png;base64"
    return matplotlib.image.imread(BytesIO(base64.b64decode(data)), format="png")
