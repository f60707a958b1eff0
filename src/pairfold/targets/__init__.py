"""Machines that kernels run on; the reference target defines what they must compute."""
