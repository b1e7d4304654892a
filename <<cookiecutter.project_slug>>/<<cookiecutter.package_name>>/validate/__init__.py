"""Rows that break the schema go to quarantine; what else is odd is counted."""
