"""Alerts: what gives reason for one, who was told what, and how messages reach people."""
