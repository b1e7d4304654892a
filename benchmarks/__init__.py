"""Side-by-side measurements: `python -m benchmarks.NAME`, or `make bench NAME=…`.

`QUICK=1` takes a small size.
"""
