"""What is asked of a model whatever the champion does: floors, slices, latency and size.

A floor is compared with the metric's value on the test rows, not with an end of its interval: it is
a limit on the number that the reports show, and the same model must not miss it only because there
are fewer rows. Whether a difference is chance is asked once, in the comparison with the champion.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import median

import polars as pl

from ..config.columns import check_names
from ..config.gate import Gate, Slices
from ..model.metric import Metric, Predictions
from ..model.metrics import metrics
from ..model.model import Model
from ..split.target import Array, Target

BATCH, REPEATS = 1000, 5  # rows, at most, and calls behind a latency


@dataclass(frozen=True)
class Condition:
    """One thing that is asked of a model, and what was measured."""

    name: str
    asked: str  # such as "at least 0.7"
    measured: float | None  # None: it cannot be measured on these rows
    holds: bool

    def __str__(self) -> str:
        measured = "cannot be measured" if self.measured is None else f"{self.measured:.4g}"
        return f"{self.name} {measured} (asked: {self.asked})"


def conditions(
    model: Model, folder: Path, rows: pl.DataFrame, deciding: Metric, gate: Gate
) -> list[Condition]:
    """All that ``gate`` asks of a model besides being better, measured.

    Args:
        model: any.
        folder: its files.
        rows: (n, …) test rows.
        deciding: the metric of the slices.
        gate: what is asked.

    Raises:
        ConfigError: a floor names no metric that fits the target, or a slice no column.
        ModelError: the model cannot answer the rows.
    """
    measured: list[Condition] = []
    if gate.floors or gate.slices.columns:
        truth, predictions = model.contract.truth(rows), Predictions.of(model, rows)
        target = model.contract.target
        for name, floor in gate.floors.items():
            (metric,) = metrics([name], target, "gate.floors")
            value = metric(target, truth, predictions)
            measured.append(_compared(metric.name, value, floor, metric.greater_is_better))
        measured += _of_slices(deciding, target, rows, (truth, predictions), gate.slices)
    if gate.latency_ms is not None:
        measured.append(_compared("latency in ms a row", latency_ms(model, rows), gate.latency_ms))
    if gate.size_mb is not None:
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
        measured.append(_compared("size in MB", size, gate.size_mb))
    return measured


def _compared(name: str, value: float, limit: float, at_least: bool = False) -> Condition:
    asked = f"at {'least' if at_least else 'most'} {limit:g}"
    if not isfinite(value):
        return Condition(name, asked, None, holds=False)
    return Condition(name, asked, value, value >= limit if at_least else value <= limit)


def _of_slices(
    metric: Metric,
    target: Target,
    rows: pl.DataFrame,
    answered: tuple[Array, Predictions],
    slices: Slices,
) -> Iterator[Condition]:
    """The metric within each value of a column that has enough rows."""
    check_names(rows.columns, {"gate.slices.columns": slices.columns})
    (truth, predictions), floor, least = answered, slices.floor, slices.min_rows
    if floor is None:
        return
    for column in slices.columns:
        values = rows[column].alias("value")
        counts = values.value_counts(name="rows").filter(pl.col("rows") >= least)
        if counts.is_empty():
            name = f"{metric.name} by {column}"
            yield Condition(name, f"a value with {least:,} rows or more", None, holds=False)
        for value in counts["value"].sort(nulls_last=True):
            mask = rows[column].eq_missing(pl.Series([value], dtype=rows.schema[column])).to_numpy()
            within = metric(target, truth[mask], predictions[mask])
            name = f"{metric.name} where {column} is {value}"
            yield _compared(name, within, floor, metric.greater_is_better)


def latency_ms(model: Model, rows: pl.DataFrame) -> float:
    """Milliseconds a row, of rows that are answered in one batch; the median of some calls."""
    batch = rows.head(BATCH)
    if batch.is_empty():
        return float("nan")
    seconds = []
    for _ in range(1 + REPEATS):
        start = time.perf_counter()
        model.outputs(batch)
        seconds.append(time.perf_counter() - start)
    return 1000 * median(seconds[1:]) / batch.height  # the first call also imports
