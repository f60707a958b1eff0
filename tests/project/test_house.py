"""The picture of the house shows every room that there is, and each says what it is for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(sys, "path", [str(ROOT / "docs" / "_ext"), *sys.path])
    import house  # noqa: PLC0415 - it is found through the path above

    assert all(house.purpose(room) in house.picture() for layer in house.layers() for room in layer if "`" not in room)
    return {room: house.purpose(room) for layer in house.layers() for room in layer}


def test_every_room_is_shown(rooms: dict[str, str]) -> None:
    package = ROOT / "src" / "pairfold"
    found = {
        path.stem for path in package.iterdir() if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    assert set(rooms) == found - {"__init__"}


def test_every_room_says_what_it_is_for(rooms: dict[str, str]) -> None:
    for room, text in rooms.items():
        assert 20 < len(text) < 140, room
