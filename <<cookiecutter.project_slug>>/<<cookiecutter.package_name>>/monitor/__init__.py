"""Predictions for incoming rows, and drift."""
