"""How good a model is on test rows, and how certain that is."""
