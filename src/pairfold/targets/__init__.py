"""What can run a problem: the reference interpreter, the CPU, the GPU."""
