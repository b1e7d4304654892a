"""How the values of a column are spread: counts in bins that the reference chose.

Bins stand at the reference's quantiles, and some beyond its ends, so that it can be seen how far
new values are outside; what is farther still counts in the last one, so one far value moves nothing
(equal widths would put nearly all rows into one bin). The last bin of every column counts what is
missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Counts = NDArray[np.int64]

RARE = 0.002  # share of the reference's rows; rarer values share one bin with new ones
MOST = 50  # bins of a column's values
FEW = 20  # numbers of at most so many different values are counted one by one
QUANTILES = (0.01, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.99)
BEYOND = (0.5, 1.0, 2.0, 3.0)  # times the range between the quartiles, outside of the quantiles
WIDEST = 1e6  # gap, in standard deviations: of numbers that overflow
NORMAL = 1.349  # that range of a normal distribution, in standard deviations


@dataclass(frozen=True)
class Bins:
    """Where the values of one column are counted.

    A column of numbers has ``edges``, at quantiles, and ``scale``, its standard deviation by the
    quartiles. Further edges stand outside of the first and the last; n in all make n + 1 bins, and
    a value on an edge counts below it. Any other column has ``values``, and one more bin for all
    others.
    """

    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    scale: float = 1.0

    @property
    def every_edge(self) -> NDArray[np.float64]:
        """The edges and those outside of them, in order."""
        steps, edges = self.scale * NORMAL * np.array(BEYOND), np.array(self.edges)
        with np.errstate(over="ignore"):
            every = np.concatenate([edges[0] - steps[::-1], edges, edges[-1] + steps])
        return np.asarray(np.nan_to_num(every))

    @property
    def size(self) -> int:
        """The number of bins, that of missing values among them."""
        return (len(self.every_edge) if self.edges else len(self.values)) + 2

    @property
    def is_ordered(self) -> bool:
        """Whether bins follow each other on a line."""
        return bool(self.edges)

    @property
    def gaps(self) -> NDArray[np.float64]:
        """How far the middles of neighbouring bins are apart, in ``scale``: one for each edge."""
        edges = self.every_edge / self.scale
        middles = np.concatenate([edges[:1], edges[1:] / 2 + edges[:-1] / 2, edges[-1:]])
        return np.asarray(np.minimum(np.diff(middles), WIDEST))

    def at_quantiles(self, counts: Counts) -> Counts:
        """Counts, (..., bins), in which what lies outside of the first and last edge is one bin."""
        if not self.edges:
            return counts
        out = len(BEYOND)
        first = counts[..., : out + 1].sum(axis=-1, keepdims=True)
        last = counts[..., -out - 2 : -1].sum(axis=-1, keepdims=True)
        inner = counts[..., out + 1 : -out - 2]
        return np.concatenate([first, inner, last, counts[..., -1:]], axis=-1)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"edges": list(self.edges), "values": list(self.values), "scale": self.scale}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Bins":
        """What ``to_json`` gave."""
        return cls(tuple(record["edges"]), tuple(record["values"]), float(record["scale"]))


def learn_bins(rows: pl.DataFrame) -> dict[str, Bins]:
    """The bins of each column of (n, k) reference rows; columns without a value have one bin."""
    return {column.name: _bins(column) for column in rows.get_columns()}


def _bins(column: pl.Series) -> Bins:
    if column.dtype.is_temporal():  # its values always move; what is missing still counts
        return Bins()
    column = plain(column).drop_nulls()
    if column.dtype.is_numeric() and column.n_unique() > FEW:
        return _bins_of_numbers(column.to_numpy())
    texts = column.cast(pl.String).alias("value")
    counts = texts.value_counts(name="rows").filter(pl.col("rows") >= RARE * max(texts.len(), 1))
    ordered = counts.sort("rows", "value", descending=[True, False])
    return Bins(values=tuple(ordered["value"].head(MOST).to_list()))


def _bins_of_numbers(values: NDArray[np.float64]) -> Bins:
    edges = np.unique(np.quantile(values, QUANTILES, method="lower"))
    low, high = np.quantile(values, (0.25, 0.75))
    width = float(high / 2 - low / 2) * 2 or float(np.std(values / 2)) * 2
    scale = width / NORMAL if np.isfinite(width) and width else 1.0
    return Bins(edges=tuple(float(edge) for edge in edges), scale=scale)


def plain(column: pl.Series) -> pl.Series:
    """Numbers as Float64, all else as text; null for what is no number."""
    return column.to_frame().select(_plain(column.name, column.dtype)).to_series()


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if not dtype.is_numeric():
        return column.cast(pl.String)
    number = column.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number).alias(name)


def count(rows: pl.DataFrame, bins: Mapping[str, Bins]) -> dict[str, Counts]:
    """The rows in each bin of each column, missing values last."""
    ordered = {name: one for name, one in bins.items() if one.is_ordered}
    finite = rows.select(_finite(name) for name in ordered)  # once, not for each edge
    above = _row(finite, (_above(name, one) for name, one in ordered.items()))
    values = {name: one.values for name, one in bins.items() if not one.is_ordered}
    by_value = _row(rows, (_by_value(name, rows.schema[name], values[name]) for name in values))
    return {
        name: _of_numbers(rows.height, above[name])
        if one.is_ordered
        else _of_values(rows.height, by_value[name], one.values)
        for name, one in bins.items()
    }


def _row(rows: pl.DataFrame, results: Iterable[pl.Expr]) -> dict[str, Any]:
    """One result of each column; polars computes them side by side."""
    asked = list(results)
    return rows.select(asked).row(0, named=True) if asked else {}


def _finite(name: str) -> pl.Expr:
    """Null for what is no number, in a column that may have come as text."""
    column = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when(column.is_finite()).then(column).alias(name)


@lru_cache(maxsize=10_000)  # rows come in many pieces, of the same columns
def _above(name: str, bins: Bins) -> pl.Expr:
    """How many values a column has, and how many above each edge: no sorting, no memory."""
    column = pl.col(name)
    numbers = [column.count(), *((column > float(edge)).sum() for edge in bins.every_edge)]
    return pl.concat_list(numbers).alias(name)


def _of_numbers(rows: int, above: Iterable[int]) -> Counts:
    filled, *beyond = above
    at_least = np.array([filled, *beyond, 0])
    return np.append(at_least[:-1] - at_least[1:], rows - filled)


def _by_value(name: str, dtype: pl.DataType, values: tuple[str, ...]) -> pl.Expr:
    """How many rows have each value, as structs; those without one are of null."""
    filled = pl.when(pl.col(name).is_not_null()).then(pl.lit("any of them"))
    column = _plain(name, dtype).cast(pl.String) if values else filled
    return column.alias("value").value_counts(name="count").implode().alias(name)


def _of_values(rows: int, counts: Iterable[Mapping[str, Any]], values: tuple[str, ...]) -> Counts:
    by_value = {one["value"]: one["count"] for one in counts}
    missing = by_value.get(None, 0)
    known = [by_value.get(value, 0) for value in values]
    return np.array([*known, rows - missing - sum(known), missing])
