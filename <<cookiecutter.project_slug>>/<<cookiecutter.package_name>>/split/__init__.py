"""Training, validation and test rows, folds, and what must not leak between them."""
