"""What targets that go through LLVM share: one lock, and the passes that clean a kernel."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm

from pairfold.ir.lock import ForkSafeLock

__all__ = ["LLVM_LOCK", "optimise"]

LLVM_LOCK = ForkSafeLock()
"""LLVM's own objects are shared by all compilations."""


def optimise(module: Any, target_machine: Any) -> None:
    """Run the passes on a module of LLVM."""
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    with llvm.create_pass_builder(target_machine, options) as passes:
        manager = llvm.create_new_module_pass_manager()
        manager.add_always_inliner_pass()
        manager.add_sroa_pass()
        manager.add_instruction_combine_pass()
        manager.add_simplify_cfg_pass()
        manager.add_new_gvn_pass()
        manager.add_dead_code_elimination_pass()
        manager.run(module, passes)
