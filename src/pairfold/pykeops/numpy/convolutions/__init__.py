"""``pykeops.numpy.convolutions``: the radial kernels of 2018."""
