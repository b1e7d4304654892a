"""Predictions for incoming rows, drift, and alerts."""
