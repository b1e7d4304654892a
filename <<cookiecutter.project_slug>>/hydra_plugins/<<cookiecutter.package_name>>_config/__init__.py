"""Found by Hydra's plugin scan: in every stage, and in DVC's own process."""
