"""The pages about drift: whether to act, and which columns moved, the farthest first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..monitor.batches import ROWS as FILES
from ..monitor.scores import comparable
from ..paths import DRIFT_DETAILS, DRIFT_PAGE, DRIFT_SUMMARY
from ..split.units import counted
from .page import html, label, labels, markdown

BINS = 20
TOP = 6  # texts of a column that are named; the others are summed
CHARTS = 200  # columns that are drawn, the farthest first
ROWS = 40  # columns in the summary
BATCHES = 60  # of the history that are drawn, the last ones
MOST_TIMES = 4.0  # the limit, at the top of the history
OTHERS = "all others"


def describe(
    report: Mapping[str, Any], reference: pl.DataFrame, current: pl.DataFrame
) -> dict[str, Any]:
    """What the pages say: the report, and each column with its distributions.

    Args:
        report: of ``monitor.verdict.describe``.
        reference: a sample of rows that the model did not learn from, with its answers.
        current: a sample of the newest batches, the same columns.
    """
    before, now = comparable(reference), comparable(current)
    sides = [_columns(report[side]) for side in ("features", "answers")]
    for column in (*sides[1][:CHARTS], *sides[0][:CHARTS]):
        if column["name"] in before.columns:
            column["shape"] = _shape(before[column["name"]], now[column["name"]])
    return {
        "report": report,
        "columns": sides[0],
        "answers": sides[1],
        "charts": CHARTS,
        "others": OTHERS,
        "verdict": _verdict(report),
        "period": _period(report["batch"]),
        "history": [_bar(one) for one in report["batches"][-BATCHES:]],
        "limits": _limits(report["limits"]),
    }


def _columns(scores: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    columns = [{"name": name, **one, "shape": None} for name, one in scores.items()]
    return sorted(columns, key=lambda column: (not column["drifted"], -column["times"]))


def _bar(batch: Mapping[str, Any]) -> dict[str, Any]:
    """A batch of the history; its height is a share of MOST_TIMES."""
    return {**batch, "height": min(batch["times"], MOST_TIMES) / MOST_TIMES}


def _period(batch: Mapping[str, Any]) -> str:
    """Which batches were judged: `week 2013-07-01`, `5 weeks, 2013-07-01 to 2013-07-29`."""
    kind = "file" if batch["kind"] == FILES else batch["kind"]
    if batch["number"] > 1:
        return f"{counted(batch['number'], kind)}, {label(batch['name'])}"
    return f"{kind} {label(batch['name'])}" if batch["name"] else "nothing"


def _limits(limits: Mapping[str, Any]) -> str:
    """Where the limits come from, in a sentence."""
    if limits["definition"] != "counts":
        return "Scores and limits are those of Evidently's definition (conf/drift)."
    promise = f"{limits['false_alarms_per_year']:g} a year over all columns together"
    sources = []
    for side, past in limits["past_batches"].items():
        source = f"{past} past batches" if past else "chance alone, for past batches are too few"
        sources.append(f"those of {side} come from {source}")
    return f"Limits promise at most {promise} in false alarms: {', '.join(sources)}."


def render(
    name: str, report: Mapping[str, Any], reference: pl.DataFrame, current: pl.DataFrame
) -> dict[Path, str]:
    """The pages: in HTML, beside Evidently's, and short in Markdown for a job's summary."""
    facts = describe(report, reference, current)
    about = {**facts, "name": name, "details": DRIFT_DETAILS.name}
    short = markdown("drift.md.j2", {**facts, "rows": ROWS})
    return {DRIFT_PAGE: html("drift.html.j2", about), DRIFT_SUMMARY: short}


def history(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The series for `dvc plots`: of each batch, how many times its limit the farthest moved."""
    return [{"batch": one["name"], "times": one["times"]} for one in report["batches"]]


def _verdict(report: Mapping[str, Any]) -> dict[str, str]:
    """How bad it is, and in a sentence what it is: the first of these that holds."""
    sides = {"the data": report["data"], "the predictions": report["predictions"]}
    moved = [side for side, one in sides.items() if one["verdict"] == "drifted"]
    verb = "has" if moved == ["the data"] else "have"
    metric = report["performance"]["metric"]
    verdicts = [
        (report["performance"]["verdict"] == "fell", "bad", f"Act: {metric} is estimated to fall"),
        (report["quarantine"], "bad", "Look at the source: too many rows are in quarantine"),
        (moved, "odd", f"Look: {' and '.join(moved)} {verb} drifted"),
        (not report["features"], "odd", "Nothing to compare"),
        (True, "good", "No drift: nothing to do"),
    ]
    return next({"level": level, "title": title} for holds, level, title in verdicts if holds)


def _shape(before: pl.Series, now: pl.Series) -> dict[str, Any] | None:
    """``bars``: label, share before and now; ``top`` share; ``low`` and ``high`` of numbers."""
    before, now = before.alias("value"), now.alias("value")
    if not before.count() and not now.count():
        return None
    if before.dtype.is_numeric():
        return _bins(before, now)
    old, new = (dict(side.drop_nulls().value_counts().iter_rows()) for side in (before, now))
    shares = {
        text: [old.get(text, 0) / len(before), new.get(text, 0) / len(now)] for text in old | new
    }
    order = sorted(shares, key=lambda text: (-max(shares[text]), text))
    bars = [
        [short, *shares[text]] for short, text in zip(labels(order[:TOP]), order[:TOP], strict=True)
    ]
    rest = [shares[text] for text in order[TOP:]]
    top = max((max(bar[1:]) for bar in bars), default=1.0)
    bars += [[OTHERS, *(sum(side) for side in zip(*rest, strict=True))]] if rest else []
    return {"bars": bars, "low": None, "high": None, "top": top}


def _bins(before: pl.Series, now: pl.Series) -> dict[str, Any]:
    """Bins of equal width from the 1st to the 99th percentile; what is outside joins the ends."""
    ends = [side.quantile(q) for side in (before, now) for q in (0.01, 0.99)]
    low, high = (pick([end for end in ends if end is not None]) for pick in (min, max))
    half = (high / 2 - low / 2) or 1.0  # no difference overflows

    def shares(side: pl.Series) -> list[float]:
        place = ((side / 2 - low / 2) / half * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)
        counts = dict(place.drop_nulls().value_counts().iter_rows())
        return [counts.get(bin_, 0) / len(side) for bin_ in range(BINS)]

    old, new = shares(before), shares(now)
    top = max(*old, *new)
    bars = [[None, *pair] for pair in zip(old, new, strict=True)]
    return {"bars": bars, "low": low, "high": high, "top": top}
