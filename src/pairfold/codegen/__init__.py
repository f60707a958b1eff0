"""From expressions to LLVM IR."""
