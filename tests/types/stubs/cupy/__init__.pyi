"""What the checks need of CuPy, which has no types of its own and is not installed without a GPU."""

from typing import Any

class ndarray:  # noqa: N801 - the name that it has
    def get(self) -> Any: ...

def zeros(shape: tuple[int, ...]) -> ndarray: ...
