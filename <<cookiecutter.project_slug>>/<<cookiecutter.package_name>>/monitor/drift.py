"""Drift: how far new data, and the model's answers to it, are from what the model knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import DataError
from .baseline import SCORE
from .scores import compare, rounded

MIN_ROWS = 30  # fewer tell nothing
FEW_ROWS = 1000  # fewer let chance look like drift: distances grow as batches shrink
EXPECTED = 10  # values, by the other side's share; where none is there, that is no chance
NAMED = 5  # columns that a recommendation names


@dataclass(frozen=True)
class Rules:
    """How columns are compared, and from where on that is drift."""

    numeric: str  # Evidently's method for numbers
    categorical: str  # and for text
    column: float  # a feature's values have drifted beyond this
    nulls: float  # and its nulls, when their share differs by more than this
    data_drift: float  # the data has, when more than this share of features has
    prediction_drift: float  # the score has drifted beyond this
    rows: int  # at most so many are compared, drawn on each side


@dataclass(frozen=True)
class DriftReport:
    """The comparison; a column's score is what its method in the rules gives.

    Values and nulls of a feature are compared apart: it has drifted when one of both has. Of
    times the nulls alone are compared, for their values always move. The score is 1 where all
    values went, or none was there before, and 0 where both sides have none.
    """

    timestamp: str  # ISO 8601, UTC
    run_id: str
    rows: int
    data_drift_score: float  # share of features that drifted, 0 to 1
    prediction_drift_score: float
    feature_drift_scores: dict[str, float]
    null_shares: dict[str, tuple[float, float]]  # of each feature: in the reference, now
    drifted_features: list[str]
    drift_reasons: dict[str, list[str]]  # of each drifted feature: values, nulls
    data_drift_detected: bool
    prediction_drift_detected: bool
    drift_detected: bool
    visualizations: list[str]
    recommendations: list[str]
    quarantine: str = ""  # what was not compared, where that is too much to speak of the rest


def detect(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    rules: Rules,
    *,
    seed: int,
    details: Path,
    run_id: str,
) -> DriftReport:
    """Compare two tables of the same columns with Evidently; one column is the model's ``score``.

    ``details`` receives Evidently's page.

    Raises:
        DataError: too few rows, or a column is missing or of another type.
        ConfigError: a method is not known, or cannot compare a column.
    """
    _refuse_what_tells_nothing(reference, current)
    before, now = comparable(reference), comparable(current)
    _refuse_other_types(before, now)
    scores = _values(before, now, rules, seed=seed, details=details)
    nulls = {c: (_nulls(c, reference), _nulls(c, current)) for c in reference.columns if c != SCORE}
    score, score_drifted = scores.pop(SCORE)
    drifted = _reasons(scores, nulls, rules)
    share = len(drifted) / max(len(nulls), 1)
    data_drifted = share > rules.data_drift
    return DriftReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=run_id,
        rows=current.height,
        data_drift_score=rounded(share),
        prediction_drift_score=score,
        feature_drift_scores={name: value for name, (value, _) in scores.items()},
        null_shares={name: (rounded(old), rounded(new)) for name, (old, new) in nulls.items()},
        drifted_features=list(drifted),
        drift_reasons=drifted,
        data_drift_detected=data_drifted,
        prediction_drift_detected=score_drifted,
        drift_detected=data_drifted or score_drifted,
        visualizations=[details.as_posix()],
        recommendations=_recommend(
            drifted, nulls, current.height, data=data_drifted, prediction=score_drifted
        ),
    )


def too_few(rows: int, run_id: str) -> DriftReport:
    """The report on a batch of which nothing can be said, for it has fewer than MIN_ROWS rows."""
    reason = f"{rows or 'no'} rows to compare; at least {MIN_ROWS} are needed to speak of drift."
    return DriftReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=run_id,
        rows=rows,
        data_drift_score=0.0,
        prediction_drift_score=0.0,
        feature_drift_scores={},
        null_shares={},
        drifted_features=[],
        drift_reasons={},
        data_drift_detected=False,
        prediction_drift_detected=False,
        drift_detected=False,
        visualizations=[],
        recommendations=[reason],
    )


def with_quarantine(
    report: DriftReport, incoming: Mapping[str, Any], max_quarantined: float
) -> DriftReport:
    """The report, which says so where much of what arrived was not compared.

    Args:
        incoming: what ``predict`` counted: ``rows``, ``quarantined``, ``rules`` with their rows.
        max_quarantined: the share of all rows up to which that is ordinary.
    """
    rows, refused = incoming["rows"], incoming["quarantined"]
    if refused <= max_quarantined * rows:
        return report
    worst = ", ".join(f"{rule} ({n})" for rule, n in list(incoming["rules"].items())[:3])
    text = f"{refused} of {rows} rows that arrived are in quarantine; most broken: {worst}."
    advice = f"{text} Look at the source first: only the other rows were compared."
    return replace(report, quarantine=text, recommendations=[advice, *report.recommendations])


def comparable(frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers as floats, text and yes/no as text; no times, and null for what is no number.

    Evidently refuses what is not in this form, and fails on a column without a value.
    """
    from polars import selectors as cs

    numbers = cs.numeric().cast(pl.Float64)
    text = cs.string() | cs.boolean() | cs.categorical() | cs.enum()
    made = frame.with_columns(pl.when(numbers.is_finite()).then(numbers), text.cast(pl.String))
    return made.select(cs.float() | cs.string())


def _values(
    before: pl.DataFrame, now: pl.DataFrame, rules: Rules, *, seed: int, details: Path
) -> dict[str, tuple[float, bool]]:
    """``column: (score, drifted)`` for each column, also those that one side has no values of."""
    sample_before, sample_now = (
        frame.sample(min(rules.rows, frame.height), seed=seed, shuffle=True)
        for frame in (before, now)
    )
    filled = [c for c in before.columns if min(sample_before[c].count(), sample_now[c].count()) > 1]
    methods = {
        c: rules.numeric if before[c].dtype.is_numeric() else rules.categorical for c in filled
    }
    limits = dict.fromkeys(filled, rules.column)
    if SCORE in limits:
        limits[SCORE] = rules.prediction_drift
    scores = compare(
        sample_before.select(filled),
        sample_now.select(filled),
        methods,
        limits,
        seed=seed,
        page=details,
    )
    return {c: scores.get(c) or _one_sided(before[c], now[c]) for c in before.columns}


def _reasons(
    scores: Mapping[str, tuple[float, bool]],
    nulls: Mapping[str, tuple[float, float]],
    rules: Rules,
) -> dict[str, list[str]]:
    """Of each column that drifted: by its values, its nulls, or both."""
    drifted: dict[str, list[str]] = {}
    for name, (before, now) in nulls.items():
        if name in scores and scores[name][1]:
            drifted.setdefault(name, []).append("values")
        if abs(now - before) > rules.nulls:
            drifted.setdefault(name, []).append("nulls")
    return drifted


def _one_sided(before: pl.Series, now: pl.Series) -> tuple[float, bool]:
    """The score and the verdict where at least one side has no values, or a single one."""
    few, many = sorted((before, now), key=lambda side: side.count() / len(side))
    gone = many.count() / len(many) * len(few) >= EXPECTED
    return (1.0, True) if gone and few.count() <= 1 else (0.0, False)


def _nulls(name: str, frame: pl.DataFrame) -> float:
    """The share of a column's rows without a value; what is no finite number is none."""
    column = frame[name]
    filled = column.is_finite().sum() if column.dtype.is_float() else column.count()
    return 1 - int(filled or 0) / frame.height


def _refuse_what_tells_nothing(reference: pl.DataFrame, current: pl.DataFrame) -> None:
    missing = [name for name in (*reference.columns, SCORE) if name not in current.columns]
    if missing:
        raise DataError(
            f"incoming data lacks {', '.join(missing)}; found {', '.join(current.columns)}.",
            "data.missing_column",
        )
    for side, frame in (("incoming", current), ("reference", reference)):
        if frame.height < MIN_ROWS:
            raise DataError(
                f"{frame.height} {side} rows; at least {MIN_ROWS} are needed to speak of drift. "
                "Wait for more.",
                "data.too_few_rows",
            )


def _refuse_other_types(before: pl.DataFrame, now: pl.DataFrame) -> None:
    changed = [name for name, dtype in before.schema.items() if now.schema.get(name) != dtype]
    if changed:
        raise DataError(
            f"incoming data holds other types than the reference in {', '.join(changed)}. "
            "Fix the source, or run `make repro` on the new form.",
            "data.changed_type",
        )


def _recommend(
    drifted: dict[str, list[str]],
    nulls: dict[str, tuple[float, float]],
    rows: int,
    *,
    data: bool,
    prediction: bool,
) -> list[str]:
    advice = []
    emptied = [
        f"{name} ({nulls[name][0]:.1%} before, {nulls[name][1]:.1%} now)"
        for name, reasons in drifted.items()
        if "nulls" in reasons
    ]
    if emptied:
        advice.append(
            f"Look at the source first: another share of values is missing in {_some(emptied)}."
        )
    if data:
        advice.append(
            f"Look at {_some(list(drifted))} in the report: is it a fault at the source, or did "
            "the world change?"
        )
    if prediction:
        advice.append(
            "The model answers differently: compare with the truth as soon as it is known."
        )
    if data or prediction:
        advice.append("If the world changed, retrain on rows that include the new time.")
    if (data or prediction or emptied) and rows < FEW_ROWS:
        advice.append(f"{rows} rows are few: it may be chance; compare again with more.")
    return advice


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
