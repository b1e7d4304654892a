"""One module a DVC stage: load, do, save."""
