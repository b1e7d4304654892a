"""A year played offline: rows arrive, drift is judged, models are trained anew and compared."""
