"""What every stage shares: the wrapper, logs, tracking, files that are whole or absent."""
