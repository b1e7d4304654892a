"""How good a model is, how sure that is, and a page about it for people."""
