"""``pykeops.torch.generic``."""
