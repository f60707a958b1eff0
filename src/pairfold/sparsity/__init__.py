"""Which pairs are looked at: ranges, masks, clusters."""
