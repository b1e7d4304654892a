"""Validation by the schema: quarantine, duplicates, anomalies, the profile of the data."""
