"""The page and the table of a comparison: who is better than the first, and by how much."""

from collections.abc import Sequence
from typing import Any

from ..evaluate.contest import Entrant, Result
from .page import html, number


def page(name: str, entrants: Sequence[Entrant], results: Sequence[Result], level: float) -> str:
    """The page in HTML.

    Args:
        name: of the project.
        entrants: the models; the others are held to the first.
        results: of all but the first.
        level: below which a p-value decides.
    """
    rows = [_row(result, level) for result in results]
    better = [row["name"] for row in rows if row["verdict"] == "better"]
    worse = [row["name"] for row in rows if row["verdict"] == "worse"]
    facts = {"name": name, "first": entrants[0].name, "rows": rows, "level": level}
    return html("comparison.html.j2", facts | {"better": better, "worse": worse})


def table(entrants: Sequence[Entrant], results: Sequence[Result], level: float) -> str:
    """The same for a terminal: a line for each model and metric."""
    lines = [("model", "metric", entrants[0].name, "itself", "gain", "interval", "p", "")]
    for row in (_row(result, level) for result in results):
        for one in row["metrics"]:
            verdict = row["verdict"] if one["deciding"] else ""
            figures = [number(one[key]) for key in ("second", "first", "gain")]
            low, high = (number(one[end]) for end in ("low", "high"))
            between = "" if low is None else f"{low} to {high}"
            p_value = one["adjusted"] if one["deciding"] else one["p_value"]
            lines.append((row["name"], one["metric"], *figures, between, number(p_value), verdict))
    texts = [["" if value is None else str(value) for value in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    padded = (
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )
    return "\n".join(padded) + "\n"


def _row(result: Result, level: float) -> dict[str, Any]:
    """A model beside the first: its verdict by the deciding metric, and each metric."""
    deciding = next(iter(result.comparisons.values()))
    verdict = "no difference that the rows show"
    if result.adjusted is not None and result.adjusted < level and deciding.gain:
        verdict = "better" if deciding.gain > 0 else "worse"
    metrics = [
        {
            "metric": name,
            "deciding": one is deciding,
            "first": one.first,
            "second": one.second,
            "gain": one.gain,
            "low": one.interval.low,
            "high": one.interval.high,
            "p_value": one.p_value,
            "adjusted": result.adjusted if one is deciding else None,
            "reason": one.reason,
        }
        for name, one in result.comparisons.items()
    ]
    sample = deciding.precision
    return {
        "name": result.name,
        "verdict": verdict,
        "metrics": metrics,
        "tests": result.tests,
        "sample": sample,
        "more_units": deciding.more_units,
    }
