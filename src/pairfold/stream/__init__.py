"""What is larger than memory: where blocks of it are read from, how large these are, and what remains of a run."""
