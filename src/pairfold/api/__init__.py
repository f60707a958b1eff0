"""What the front ends share below LazyTensors: arguments, routines, solvers of strings."""
