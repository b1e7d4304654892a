"""One module a kind of source; each has a ``read`` that the registry in ``sources`` names."""
