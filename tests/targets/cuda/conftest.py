"""Programs of one test are not kept for the next."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _forget_programs(programs_forgotten: None) -> None:
    """Do so after every test of this folder."""
