"""The pages about drift: whether to act, and which columns moved, the farthest first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..config.drift import Drift
from ..monitor.drift import DriftReport, comparable, times
from ..monitor.sample import Sample
from .page import html, labels, markdown

BINS = 20
TOP = 6  # texts of a column that are named; the others are summed
CHARTS = 200  # columns that are drawn, the farthest first
ROWS = 40  # columns in the summary
OTHERS = "all others"


def describe(
    report: DriftReport, reference: Sample, current: Sample, rules: Drift
) -> dict[str, Any]:
    """What the pages say: the report, and each column with its severity and its distributions.

    A column's ``severity`` is how many times its limit it moved: above 1 it has drifted. Shares
    are of the rows of a side, so that sides of unequal sizes can be compared.

    Args:
        report: what ``detect`` returned for these tables.
        reference: rows that the model did not learn from, with its answers.
        current: what arrived, the same columns.
        rules: of the comparison.
    """
    before, now = comparable(reference.rows), comparable(current.rows)
    columns = [_column(name, report, rules) for name in report.null_shares]
    columns.sort(key=lambda column: (not column["reasons"], -column["severity"]))
    answers = [
        _answer(name, score, report, rules) for name, score in report.answer_drift_scores.items()
    ]
    answers.sort(key=lambda answer: (not answer["drifted"], -answer["severity"]))
    for column in (*answers[:CHARTS], *columns[:CHARTS]):
        if column["name"] in before.columns:
            column["shape"] = _shape(before[column["name"]], now[column["name"]])
    return {
        "report": report,
        "reference_rows": reference.of,
        "rules": rules,
        "columns": columns,
        "answers": answers,
        "charts": CHARTS,
        "others": OTHERS,
        "verdict": _verdict(report),
    }


def page(name: str, facts: Mapping[str, Any], details: Path) -> str:
    """The page in HTML; ``details`` is Evidently's, in the same folder."""
    return html("drift.html.j2", {**facts, "name": name, "details": details.name})


def summary(facts: Mapping[str, Any]) -> str:
    """The short page in Markdown, for a job's summary or a pull request."""
    return markdown("drift.md.j2", {**facts, "rows": ROWS})


def uncompared(name: str, report: DriftReport) -> tuple[str, str]:
    """The page and the summary where nothing could be compared."""
    title = "Look at the source" if report.quarantine else "Nothing to compare"
    verdict = {"level": "bad" if report.quarantine else "odd", "title": title}
    facts = {"name": name, "verdict": verdict, "reasons": report.recommendations}
    return html("uncompared.html.j2", facts), markdown("uncompared.md.j2", facts)


def _verdict(report: DriftReport) -> dict[str, str]:
    """How bad it is, and in a sentence what it is: the first of these that holds."""
    moved, of = len(report.drifted_features), len(report.null_shares)
    sides = ("the data", "the predictions")
    flags = (report.data_drift_detected, report.prediction_drift_detected)
    drifted = [side for side, has in zip(sides, flags, strict=True) if has]
    verb = "has" if drifted == ["the data"] else "have"
    other_nulls = any("nulls" in reasons for reasons in report.drift_reasons.values())
    verdicts = [
        (drifted, "bad", f"Act: {' and '.join(drifted)} {verb} drifted"),
        (report.quarantine, "bad", "Look at the source: too many rows are in quarantine"),
        (other_nulls, "odd", "Look at the source: other values are missing than before"),
        (moved, "odd", f"No drift as a whole, but {moved} of {of} features moved"),
        (True, "good", "No drift: nothing to do"),
    ]
    return next({"level": level, "title": title} for holds, level, title in verdicts if holds)


def _answer(name: str, score: float, report: DriftReport, rules: Drift) -> dict[str, Any]:
    drifted = name in report.drifted_answers
    severity = times(score, drifted, rules.prediction_drift)
    return {"name": name, "score": score, "drifted": drifted, "severity": severity, "shape": None}


def _column(name: str, report: DriftReport, rules: Drift) -> dict[str, Any]:
    reasons = report.drift_reasons.get(name, [])
    score = report.feature_drift_scores.get(name)
    before, now = report.null_shares[name]
    by_values = 0.0
    if score is not None:
        by_values = times(score, "values" in reasons, rules.column)
    by_nulls = times(abs(now - before), "nulls" in reasons, rules.nulls)
    return {
        "name": name,
        "score": score,
        "nulls": (before, now),
        "reasons": reasons,
        "severity": max(by_values, by_nulls),
        "shape": None,
    }


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
        [label, *shares[text]] for label, text in zip(labels(order[:TOP]), order[:TOP], strict=True)
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
