"""Reading sources into one table: locate files, read them by kind, protect, stack and join."""
