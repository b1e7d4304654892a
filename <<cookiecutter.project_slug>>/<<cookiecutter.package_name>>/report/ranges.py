"""Where values and the ends of their intervals stand on one line, for small charts in a table."""

from collections.abc import Sequence

MARGIN = 0.04  # of a chart's width, at both ends
Line = tuple[float | None, float | None, float | None]  # value, low, high; None: undefined
Mark = dict[str, float | None]  # the same by name, in percent of the chart's width


def marks(lines: Sequence[Line], also: Sequence[float] = ()) -> tuple[list[Mark], list[float]]:
    """The places of lines, and of further values, on a chart that all of them fit into."""
    known = [end for line in [*lines, also] for end in line if end is not None] or [0.0]
    start, width = min(known), (max(known) - min(known)) or 1.0

    def place(value: float) -> float:
        return round(100 * (MARGIN + (1 - 2 * MARGIN) * (value - start) / width), 2)

    return [
        {
            name: None if end is None else place(end)
            for name, end in zip(("value", "low", "high"), line, strict=True)
        }
        for line in lines
    ], [place(value) for value in also]
