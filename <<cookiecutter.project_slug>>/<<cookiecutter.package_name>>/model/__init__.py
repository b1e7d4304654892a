"""A model: its contract, preprocessing, estimators, training, metrics, and how it is saved."""
