"""Command lines for people, which are no stages."""
