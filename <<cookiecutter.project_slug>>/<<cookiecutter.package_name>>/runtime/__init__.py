"""What every stage shares: the stage wrapper, logs, progress, retries, atomic files, tracking."""
