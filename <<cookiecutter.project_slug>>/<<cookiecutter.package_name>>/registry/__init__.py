"""Versions of the model, and the gate through which one becomes champion."""
