"""What the version before the rooms of today saved still loads, and computes the same."""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pairfold as pf
import pairfold.numpy as pn
from pairfold.sparsity.masks import Mask

torch = pytest.importorskip("torch")

import pairfold.torch as pt  # noqa: E402

# Made by the commit before the rooms: a pickle of what "made" gives, base64; and `torch.export.save`, compressed.
SAVED = json.loads((Path(__file__).parent / "saved_before_the_rooms.json").read_text())

X = np.arange(6, dtype=np.float32).reshape(3, 2) / 4
Y = np.arange(8, dtype=np.float32).reshape(4, 2) / 5
NAMES = {"np": np, "torch": torch, "pf": pf, "pn": pn, "pt": pt, "x": X, "y": Y}
NAMES |= {"tx": torch.tensor(X), "ty": torch.tensor(Y)}


def values(found: Any) -> Any:
    """Return what can be computed of a saved object."""
    weights = np.ones((4, 1), np.float32)
    if isinstance(found, Mask):
        return found.dense(3, 4)
    if hasattr(found, "aliases"):
        arrays = [X, Y, weights][: len(found.aliases)]
        if type(found).__module__.startswith("pairfold.torch"):
            arrays = [torch.tensor(array) for array in arrays]
        return found(*arrays) if "KernelSolve" not in repr(type(found)) else repr(found)
    if hasattr(found, "sum") and "Vi(0,2) - Vj(1,2)" not in repr(found):
        return found.sum(axis=1)
    return repr(found)


@pytest.mark.parametrize("name", [name for name in SAVED if name != "exported program"])
def test_pickles(name: str) -> None:
    saved = SAVED[name]
    found = values(pickle.loads(base64.b64decode(saved["pickle"])))
    again = values(eval(saved["made"], dict(NAMES)))
    assert type(found) is type(again)
    np.testing.assert_equal(np.asarray(found), np.asarray(again))


def test_an_exported_program() -> None:
    data = zlib.decompress(base64.b64decode(SAVED["exported program"]["pickle"]))
    program = torch.export.load(io.BytesIO(data)).module()
    x, y = torch.tensor(X), torch.tensor(Y)
    torch.testing.assert_close(program(x, y), (-((x[:, None] - y) ** 2).sum(-1)).exp().logsumexp(1, keepdim=True))


def test_a_text_with_a_kernel_of_2018() -> None:
    nodes = '["Var",[],0,1,2,"real"],["Var",[],1,2,0,"real"],["Var",[],2,2,1,"real"],["Var",[],3,1,1,"real"]'
    text = (
        f'{{"nodes":[{nodes},["GaussKernel",[0,1,2,3]]],"roots":[4],"reduction":"Sum","k":1,"options":{{}},'
        '"swapped":false,"checks":false,"system":null}'
    )
    x, y, b = torch.tensor(X, requires_grad=True), torch.tensor(Y), torch.ones(4, 1)
    (found,) = torch.ops.pairfold.reduce(text, [torch.ones(1), x, y, b], [], 3, 4, [])
    dense = (-((x[:, None] - y) ** 2).sum(-1)).exp() @ b
    torch.testing.assert_close(found, dense)
    torch.testing.assert_close(*(torch.autograd.grad(value.sum(), x)[0] for value in (found, dense)))


@pytest.mark.parametrize(
    ("module", "name"), [("dispatch", "Vi"), ("lazy_logic", "where"), ("solve", "Nystrom"), ("solve", "SolveReport")]
)
def test_names_of_the_modules_of_before(module: str, name: str) -> None:
    found = pickle.loads(f"cpairfold.frontends.{module}\n{name}\n.".encode())
    assert found is getattr(pf if module == "dispatch" else pn, name)


def test_a_saved_mask_shows_itself() -> None:
    mask = pickle.loads(base64.b64decode(SAVED["radius"]["pickle"]))
    assert repr(mask).startswith("radius(...): tiles of 64 x 64 pairs that hold points at distance the radius or less")
