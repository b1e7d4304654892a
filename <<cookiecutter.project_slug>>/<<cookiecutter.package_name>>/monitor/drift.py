"""Drift: how far new data, and the model's answers to it, are from what the model knows."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import ConfigError, DataError
from .baseline import SCORE

MIN_ROWS = 30  # fewer tell nothing
FEW_ROWS = 1000  # fewer let chance look like drift: distances grow as batches shrink


@dataclass(frozen=True)
class Rules:
    """How columns are compared, and from where on that is drift."""

    numeric: str  # Evidently's method for numbers
    categorical: str  # and for text
    column: float  # a feature has drifted beyond this
    data_drift: float  # the data has, when more than this share of features has
    prediction_drift: float  # the score has drifted beyond this
    rows: int  # at most so many are compared, drawn on each side


@dataclass(frozen=True)
class DriftReport:
    """What was found; a column's score is what its method in the rules gives.

    A feature that lost all its values has drifted, with the score 1.
    """

    timestamp: str  # ISO 8601, UTC
    run_id: str
    rows: int
    data_drift_score: float  # share of features that drifted, 0 to 1
    prediction_drift_score: float
    feature_drift_scores: dict[str, float]
    drifted_features: list[str]
    data_drift_detected: bool
    prediction_drift_detected: bool
    drift_detected: bool
    visualizations: list[str]
    recommendations: list[str]


def detect(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    rules: Rules,
    *,
    seed: int,
    html: Path,
    run_id: str,
) -> DriftReport:
    """Compare two tables of the same columns with Evidently; one column is the model's ``score``.

    ``html`` receives the page for people.

    Raises:
        DataError: too few rows, or a column is missing or of another type.
        ConfigError: a method is not known, or cannot compare a column.
    """
    _refuse_what_tells_nothing(reference, current)
    before, now = (
        _values(frame.sample(min(rules.rows, frame.height), seed=seed, shuffle=True))
        for frame in (reference, current)
    )
    _refuse_other_types(before, now)
    found, emptied = _compare(before, now, rules=rules, html=html)
    score, score_drifted = found.pop(SCORE)
    drifted = [name for name, (_, is_drifted) in found.items() if is_drifted]
    share = len(drifted) / max(len(found), 1)
    data_drifted = share > rules.data_drift
    return DriftReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=run_id,
        rows=current.height,
        data_drift_score=share,
        prediction_drift_score=score,
        feature_drift_scores={name: value for name, (value, _) in found.items()},
        drifted_features=drifted,
        data_drift_detected=data_drifted,
        prediction_drift_detected=score_drifted,
        drift_detected=data_drifted or score_drifted,
        visualizations=[html.as_posix()],
        recommendations=_recommend(
            drifted, emptied, current.height, data=data_drifted, prediction=score_drifted
        ),
    )


def _compare(
    before: pl.DataFrame, now: pl.DataFrame, *, rules: Rules, html: Path
) -> tuple[dict[str, tuple[float, bool]], list[str]]:
    """``column: (score, drifted)``, and the columns that lost all their values."""
    filled = [name for name in before.columns if before[name].count() > 1]
    emptied = [name for name in filled if now[name].count() <= 1]
    compared = [name for name in filled if name not in emptied]
    found = _evidently(before.select(compared), now.select(compared), rules=rules, html=html)
    return {name: found.get(name, (1.0, True)) for name in filled}, emptied


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
            "Mend the source, or run `make repro` on the new form.",
            "data.changed_type",
        )


def _values(frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers as floats, text and yes/no as text; no times, and null for what is no number.

    Evidently refuses what is not in this form, and fails on a column without a value.
    """
    from polars import selectors as cs

    numbers = cs.numeric().cast(pl.Float64)
    text = cs.string() | cs.boolean() | cs.categorical() | cs.enum()
    made = frame.with_columns(pl.when(numbers.is_finite()).then(numbers), text.cast(pl.String))
    return made.select(cs.float() | cs.string())


def _evidently(
    reference: pl.DataFrame, current: pl.DataFrame, *, rules: Rules, html: Path
) -> dict[str, tuple[float, bool]]:
    """``column: (score, drifted)``; whether it drifted is the test's verdict.

    The direction differs by method: a p-value drifts below its threshold, a distance above.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    numeric = [c for c in reference.columns if reference[c].dtype.is_numeric()]
    text = [c for c in reference.columns if c not in numeric]
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=text)
    metrics = [
        ValueDrift(
            column=c,
            method=rules.numeric if c in numeric else rules.categorical,
            threshold=rules.prediction_drift if c == SCORE else rules.column,
        )
        for c in reference.columns
    ]
    sides = [
        Dataset.from_pandas(_pandas(frame), data_definition=definition)
        for frame in (current, reference)
    ]
    try:
        snapshot = Report(metrics, include_tests=True).run(*sides)
    except (ValueError, ArithmeticError) as error:
        raise _unfit(rules, str(error).splitlines()[0]) from error
    snapshot.save_html(str(html))
    found: dict[str, Any] = snapshot.dict()
    failed = {t["metric_config"]["params"]["column"]: t["status"] == "FAIL" for t in found["tests"]}
    scores = {m["config"]["column"]: float(m["value"]) for m in found["metrics"]}
    undecided = [c for c in reference.columns if not math.isfinite(scores[c])]
    if undecided:
        raise _unfit(rules, f"no number comes out for {', '.join(undecided)}")
    return {c: (scores[c], failed[c]) for c in reference.columns}


def _unfit(rules: Rules, reason: str) -> ConfigError:
    return ConfigError(
        f"these columns cannot be compared by {rules.numeric} (numbers) and {rules.categorical} "
        f"(text): {reason}. Choose another method in conf/drift.",
        "config.drift_method",
    )


def _pandas(frame: pl.DataFrame) -> Any:
    """A pandas frame of plain numpy columns: Evidently fails on others."""
    import pandas as pd

    return pd.DataFrame({c.name: c.to_numpy() for c in frame})


def _recommend(
    drifted: list[str], emptied: list[str], rows: int, *, data: bool, prediction: bool
) -> list[str]:
    advice = []
    if emptied:
        advice.append(f"{', '.join(emptied)} came without values: look at the source first.")
    if data:
        advice.append(
            f"Look at {', '.join(drifted)} in the report: a fault at the source, or the world?"
        )
    if prediction:
        advice.append(
            "The model answers differently: compare with the truth as soon as it is known."
        )
    if data or prediction:
        advice.append("If the world changed, retrain on rows that include the new time.")
        if rows < FEW_ROWS:
            advice.append(f"{rows} rows are few: it may be chance; compare again with more.")
    return advice
