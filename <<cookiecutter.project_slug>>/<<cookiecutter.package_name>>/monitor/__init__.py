"""Is the world still as the model knows it, and who is told if not."""
