"""A reproducible machine-learning pipeline: DVC orchestrates, Hydra configures."""
