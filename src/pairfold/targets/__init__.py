"""Where reductions run: the reference, which defines the language, and one folder per kind of machine."""

from pairfold.targets.cpu.target import CPU
from pairfold.targets.cuda.target import CUDA
from pairfold.targets.target import TARGETS

__all__: list[str] = []

TARGETS.update({target.name: target for target in (CPU, CUDA)})
