"""PyTorch is an extra: without it there is nothing to test here."""

import importlib.util
import warnings

import pytest

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["*.py"]
else:
    import torch

    with warnings.catch_warnings():
        # Parts of PyTorch that forward mode and the compiler load call deprecated parts of PyTorch.
        warnings.simplefilter("ignore", DeprecationWarning)
        import torch._decomp.decompositions_for_jvp
        import torch._dynamo

    @pytest.fixture(autouse=True)
    def _seeded() -> None:
        torch.manual_seed(0)
