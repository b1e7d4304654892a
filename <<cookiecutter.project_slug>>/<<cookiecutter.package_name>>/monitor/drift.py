"""Drift: how far new data, and the model's answers to it, are from what the model knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors as cs

from ..config.drift import Drift
from ..errors import DataError
from ..split.units import counted
from .sample import Sample
from .scores import compare, rounded, with_unbinnable_as_text

MIN_ROWS = 30  # fewer tell nothing
FEW_ROWS = 1000  # fewer let chance look like drift: distances grow as samples shrink
EXPECTED = 10  # values, by the other side's share; where none is there, that is no chance
NAMED = 5  # columns that a recommendation names


@dataclass(frozen=True)
class DriftReport:
    """The comparison; a column's score is what its method in the rules gives.

    Values and nulls of a feature are compared apart: it has drifted when one of both has. Of
    times the nulls alone are compared, for their values always move. The score is 1 where all
    values went, or none was there before, and 0 where both sides have none.

    The predictions have drifted when one of the answers has; their score is that of the answer that
    moved farthest.
    """

    timestamp: str  # ISO 8601, UTC
    run_id: str
    rows: int
    data_drift_score: float  # share of features that drifted, 0 to 1
    prediction_drift_score: float
    answer_drift_scores: dict[str, float]  # of each answer that is watched, such as a probability
    feature_drift_scores: dict[str, float]
    null_shares: dict[str, tuple[float, float]]  # of each feature: in the reference, now
    drifted_features: list[str]
    drift_reasons: dict[str, list[str]]  # of each drifted feature: values, nulls
    drifted_answers: list[str]
    data_drift_detected: bool
    prediction_drift_detected: bool
    drift_detected: bool
    visualizations: list[str]
    recommendations: list[str]
    quarantine: str = ""  # what was not compared, where that is too much to speak of the rest


def detect(
    reference: Sample,
    current: Sample,
    rules: Drift,
    answers: Sequence[str],
    *,
    seed: int,
    details: Path,
    run_id: str,
) -> DriftReport:
    """Compare two tables of the same columns with Evidently.

    Args:
        answers: the columns that are the model's; the others are features.
        details: receives Evidently's page.

    Raises:
        DataError: too few rows, or a column is missing or of another type.
        ConfigError: a method is not known, or cannot compare a column.
    """
    _refuse_what_tells_nothing(reference, current, answers)
    before = replace(reference, rows=comparable(reference.rows))
    now = replace(current, rows=comparable(current.rows))
    _refuse_other_types(before.rows, now.rows)
    scores = _values(before, now, rules, answers, seed=seed, details=details)
    answered = {name: scores.pop(name) for name in answers}
    features = [name for name in reference.rows.columns if name not in answers]
    nulls = {name: (reference.null_share(name), current.null_share(name)) for name in features}
    report = _report(scores, answered, nulls, rules, (reference.of, current.of))
    return replace(report, run_id=run_id, visualizations=[details.as_posix()])


def _report(
    scores: Mapping[str, tuple[float, bool]],
    answered: Mapping[str, tuple[float, bool]],
    nulls: Mapping[str, tuple[float, float]],
    rules: Drift,
    rows: tuple[int, int],  # of the reference, and now
) -> DriftReport:
    farthest = max(answered, key=lambda name: times(*answered[name], rules.prediction_drift))
    drifted = _reasons(scores, nulls, rules)
    drifted_answers = [name for name, (_, has) in answered.items() if has]
    share = len(drifted) / max(len(nulls), 1)
    data = share > rules.data_drift
    return DriftReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id="",
        rows=rows[1],
        data_drift_score=rounded(share),
        prediction_drift_score=answered[farthest][0],
        answer_drift_scores={name: value for name, (value, _) in answered.items()},
        feature_drift_scores={name: value for name, (value, _) in scores.items()},
        null_shares={name: (rounded(old), rounded(new)) for name, (old, new) in nulls.items()},
        drifted_features=list(drifted),
        drift_reasons=drifted,
        drifted_answers=drifted_answers,
        data_drift_detected=data,
        prediction_drift_detected=bool(drifted_answers),
        drift_detected=data or bool(drifted_answers),
        visualizations=[],
        recommendations=_recommend(drifted, nulls, rows, data=data, answers=drifted_answers),
    )


def times(score: float, drifted: bool, limit: float) -> float:
    """How many times its limit a score is; of a p-value, which drifts below it, the inverse."""
    below = drifted == (score < limit) and score != limit
    over, under = (limit, score) if below else (score, limit)
    return min(over / under, 1000.0) if under else (1000.0 if over else 0.0)


def too_few(reference: int, rows: int, run_id: str) -> DriftReport:
    """The report where nothing can be said, for one side has fewer than MIN_ROWS rows."""
    reason = f"{counted(rows, 'row')} to compare"
    if rows >= MIN_ROWS:
        reason = f"{counted(reference, 'row')} to compare with, of the model's test rows"
    reason += f"; at least {MIN_ROWS} are needed to speak of drift."
    return DriftReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=run_id,
        rows=rows,
        data_drift_score=0.0,
        prediction_drift_score=0.0,
        answer_drift_scores={},
        feature_drift_scores={},
        null_shares={},
        drifted_features=[],
        drift_reasons={},
        drifted_answers=[],
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
    numbers = cs.numeric().cast(pl.Float64)
    text = cs.string() | cs.boolean() | cs.categorical() | cs.enum()
    finite = frame.with_columns(pl.when(numbers.is_finite()).then(numbers), text.cast(pl.String))
    return finite.select(cs.float() | cs.string())


def _values(
    before: Sample, now: Sample, rules: Drift, answers: Sequence[str], *, seed: int, details: Path
) -> dict[str, tuple[float, bool]]:
    """``column: (score, drifted)`` for each column, also those that one side has no values of."""
    drawn = (
        side.rows.sample(min(rules.rows, side.rows.height), seed=seed, shuffle=True)
        for side in (before, now)
    )
    sample_before, sample_now = with_unbinnable_as_text(*drawn)
    columns = before.rows.columns
    filled = [c for c in columns if min(sample_before[c].count(), sample_now[c].count()) > 1]
    numbers = sample_before.select(cs.numeric()).columns
    methods = {c: rules.numeric if c in numbers else rules.categorical for c in filled}
    limits = {c: rules.prediction_drift if c in answers else rules.column for c in filled}
    scores = compare(
        sample_before.select(filled),
        sample_now.select(filled),
        methods,
        limits,
        seed=seed,
        page=details,
    )
    return {c: scores.get(c) or _one_sided(c, before, now) for c in columns}


def _reasons(
    scores: Mapping[str, tuple[float, bool]],
    nulls: Mapping[str, tuple[float, float]],
    rules: Drift,
) -> dict[str, list[str]]:
    """Of each column that drifted: by its values, its nulls, or both."""
    drifted: dict[str, list[str]] = {}
    for name, (before, now) in nulls.items():
        if name in scores and scores[name][1]:
            drifted.setdefault(name, []).append("values")
        if abs(now - before) > rules.nulls:
            drifted.setdefault(name, []).append("nulls")
    return drifted


def _one_sided(column: str, *sides: Sample) -> tuple[float, bool]:
    """The score and the verdict where at least one side has no values, or a single one."""
    few, many = sorted(sides, key=lambda side: side.non_null[column] / side.of)
    gone = many.non_null[column] / many.of * few.of >= EXPECTED
    return (1.0, True) if gone and few.rows[column].count() <= 1 else (0.0, False)


def _refuse_what_tells_nothing(reference: Sample, current: Sample, answers: Sequence[str]) -> None:
    columns = current.rows.columns
    missing = [name for name in reference.rows.columns if name not in columns]
    if missing:
        raise DataError(
            f"incoming data lacks {', '.join(missing)}; found {', '.join(columns)}.",
            "data.missing_column",
        )
    unknown = [name for name in answers if name not in reference.rows.columns]
    if unknown:
        raise DataError(
            f"the reference lacks {', '.join(unknown)}; it is of another model. Run `make repro`.",
            "data.missing_column",
        )
    for name, side in (("incoming", current), ("reference", reference)):
        if side.of < MIN_ROWS:
            raise DataError(
                f"{side.of} {name} rows; at least {MIN_ROWS} are needed to speak of drift. "
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
    drifted: Mapping[str, list[str]],
    nulls: Mapping[str, tuple[float, float]],
    rows: tuple[int, int],
    *,
    data: bool,
    answers: Sequence[str],
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
    if answers:
        advice.append(
            f"The model answers differently ({_some(answers)}): compare with the truth as soon as "
            "it is known."
        )
    if data or answers:
        advice.append("If the world changed, retrain on rows that include the new time.")
    sides = zip(rows, ("rows of the reference", "rows that arrived"), strict=True)
    few = [f"{number} {name}" for number, name in sides if number < FEW_ROWS]
    if (data or answers or emptied) and few:
        advice.append(f"{' and '.join(few)} are few: it may be chance; compare again with more.")
    return advice


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
