"""The target for the vector units of CPUs."""
