"""``pykeops.torch.lazytensor``."""
