"""Command lines for people that are no stage."""
