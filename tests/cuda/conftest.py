"""Programs of one test are not kept for the next: the interpreter's are large, and garbage collection slows down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pairfold.engine import cuda
from pairfold.engine.cache import forget_everything


@pytest.fixture(autouse=True)
def _forget_programs() -> Iterator[None]:
    yield
    forget_everything()
    cuda._prepare.cache_clear()
