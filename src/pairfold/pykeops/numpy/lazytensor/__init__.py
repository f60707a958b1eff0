"""``pykeops.numpy.lazytensor``."""
