"""The target for NVIDIA GPUs."""
