"""``pykeops.numpy.generic``."""
