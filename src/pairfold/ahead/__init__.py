"""Kernels ahead of time: a formula as a C function, for programs without Python."""

from pairfold.ahead.compile import CompiledAhead, compile_ahead

__all__ = ["CompiledAhead", "compile_ahead"]
