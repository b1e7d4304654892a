"""Anomalies that no rule forbids: outliers, duplicate rows, values that are missing together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ..runtime.parquet import sample
from ..runtime.progress import progress
from .duplicates import count_duplicate_rows

SAMPLE = 50_000  # rows that the forest is fitted on and scores
PATTERNS = 10  # combinations of missing values that are reported


@dataclass(frozen=True)
class Anomaly:
    """Rows that one method calls anomalous."""

    method: str
    column: str | None  # None: the row as a whole
    rows: int
    of: int  # rows that were looked at
    note: str


def detect_anomalies(
    table: pl.LazyFrame, methods: Mapping[str, float], ignore: Sequence[str], seed: int
) -> list[Anomaly]:
    """The anomalies above each method's limit; none in a column of which half is one value.

    Args:
        methods: name of a method in METHODS, and its limit.
        ignore: columns that are left out, such as the key.
        seed: of the isolation forest and its sample.
    """
    numeric = [
        name
        for name, dtype in table.collect_schema().items()
        if dtype.is_numeric() and name not in ignore
    ]
    anomalies: list[Anomaly] = []
    with progress("anomalies", len(methods), "methods") as step:
        for method, limit in methods.items():
            anomalies += METHODS[method](table, numeric, limit, seed)
            step()
    return [anomaly for anomaly in anomalies if anomaly.rows]


def missing_patterns(table: pl.LazyFrame, columns: Sequence[str]) -> list[dict[str, object]]:
    """The most frequent combinations of columns that are null together, and in how many rows."""
    if not columns:
        return []
    nulls = table.select(pl.col(columns).is_null())
    counts = nulls.filter(pl.any_horizontal(columns)).group_by(columns).len("~rows")
    common = counts.sort(["~rows", *columns], descending=True).head(PATTERNS)
    return [
        {"columns": [name for name in columns if row[name]], "rows": row["~rows"]}
        for row in common.collect(engine="streaming").iter_rows(named=True)
    ]


def _robust_z(table: pl.LazyFrame, numeric: Sequence[str], limit: float, _: int) -> list[Anomaly]:
    """0.6745 |x - median| / MAD: Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993."""
    anomalies = []
    for name in numeric:
        value = pl.col(name).cast(pl.Float64)
        median = table.select(value.median()).collect().item()
        deviation = table.select((value - (median or 0)).abs().median()).collect().item()
        if deviation:
            far = limit * deviation / 0.6745
            anomalies.append(_outside("robust_z", table, name, median - far, median + far))
    return anomalies


def _iqr(table: pl.LazyFrame, numeric: Sequence[str], limit: float, _: int) -> list[Anomaly]:
    """Outside of the quartiles by more than ``limit`` times their distance: Tukey, 1977."""
    anomalies = []
    for name in numeric:
        value = pl.col(name).cast(pl.Float64)
        low, high = (
            table.select(value.quantile(q, "linear")).collect().item() for q in (0.25, 0.75)
        )
        if low is not None and high > low:
            far = limit * (high - low)
            anomalies.append(_outside("iqr", table, name, low - far, high + far))
    return anomalies


def _outside(method: str, table: pl.LazyFrame, name: str, low: float, high: float) -> Anomaly:
    value = pl.col(name)
    outliers = table.filter((value < low) | (value > high))
    ends = [pl.len(), value.min().alias("least"), value.max().alias("most")]
    rows, least, most = outliers.select(*ends).collect(engine="streaming").row(0)
    of = table.select(value.count()).collect(engine="streaming").item()
    return Anomaly(method, name, rows, of, f"outside of {low:g} to {high:g}: {least} to {most}")


def _isolation_forest(
    table: pl.LazyFrame, numeric: Sequence[str], limit: float, seed: int
) -> list[Anomaly]:
    """Rows that few random cuts isolate: Liu, Ting and Zhou, Isolation Forest, 2008."""
    from sklearn.ensemble import IsolationForest

    rows = sample(table.select(pl.col(numeric).cast(pl.Float64)), SAMPLE, seed)
    rows = rows.select(pl.all().fill_null(pl.all().median()).fill_null(0.0))
    if not rows.height or not rows.width:
        return []
    values = rows.to_numpy()
    scores = -IsolationForest(random_state=seed).fit(values).score_samples(values)
    note = f"score above {limit:g} (0.5 is ordinary, 1 is far out); highest {scores.max():.3f}"
    outliers = int((scores > limit).sum())
    return [Anomaly("isolation_forest", None, outliers, rows.height, note)]


def _duplicates(table: pl.LazyFrame, _: Sequence[str], limit: float, __: int) -> list[Anomaly]:
    of = table.select(pl.len()).collect().item()
    rows = count_duplicate_rows(table)
    note = f"the same as a row above in every column; allowed is {limit:.1%}"
    return [Anomaly("duplicates", None, rows if rows > limit * of else 0, of, note)]


METHODS: dict[str, Callable[[pl.LazyFrame, Sequence[str], float, int], list[Anomaly]]] = {
    "robust_z": _robust_z,
    "iqr": _iqr,
    "isolation_forest": _isolation_forest,
    "duplicates": _duplicates,
}
