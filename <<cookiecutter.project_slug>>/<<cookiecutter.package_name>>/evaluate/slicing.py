"""Which test rows are a slice: those with one value of a column, or with one of each of two."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..config.columns import check_names
from ..errors import ConfigError
from ..split.units import Units, counted
from .intervals import least_units

MIN_ROWS = 50  # of a slice, and of those that it is compared with
MOST_VALUES = 12  # of a column; the rarer ones are one slice together
MOST_PAIRS = 24  # of two columns
QUANTILES = 4  # bins of a column of numbers or times

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Slicing:
    """The slices of some rows."""

    masks: dict[str, Mask]  # each (n,), by name for people
    left_out: list[str]  # what is in no slice, and why, for people


def slicing(
    rows: pl.DataFrame, sliced_by: Sequence[Sequence[str]], units: Units, level: float
) -> Slicing:
    """The slices of n rows that are large enough to say something.

    Args:
        rows: (n, …).
        sliced_by: the columns of each kind of slice, one or two.
        units: of the n rows.
        level: of an interval; it asks for so many units.

    Raises:
        ConfigError: a column is missing, or of a type whose values are no names.
    """
    check_names(rows.columns, {"evaluate.slices": [name for names in sliced_by for name in names]})
    masks: dict[str, Mask] = {}
    left_out = []
    for columns in sliced_by:
        labels = [_labels(rows[column]) for column in columns]
        of_row = labels[0] if len(labels) == 1 else labels[0] + " and " + labels[1]
        names, small = _by_size(of_row), rows.height
        if len(names) == 1:
            left_out.append(f"{names[0]}: so in all rows, which leaves none to compare with")
            continue
        for name in names[:MOST_PAIRS]:
            mask = (of_row == name).to_numpy()
            if mask.sum() >= MIN_ROWS and units.subset(mask).count >= least_units(level):
                masks[name] = mask
                small -= int(mask.sum())
        if small:
            left_out.append(
                f"by {' and '.join(columns)}: {counted(small, 'row')} in slices of under "
                f"{MIN_ROWS} rows or {counted(least_units(level), units.name)}, or beyond the "
                f"{MOST_PAIRS} largest"
            )
    return Slicing(masks, left_out)


def _labels(column: pl.Series) -> pl.Series:
    """The slice of each row by one column, in words, (n,)."""
    name, dtype = column.name, column.dtype
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise ConfigError(
            f"evaluate.slices names {name!r}, which is {dtype}; expected is a column of texts, "
            "numbers, times, or true and false. Edit conf/evaluate.",
            "config.column",
        )
    if dtype.is_float():
        column = column.fill_nan(None)
    many = (dtype.is_numeric() or dtype.is_temporal()) and column.n_unique() > MOST_VALUES
    if many or (dtype == pl.Duration and column.null_count() < column.len()):
        labels = _bins(column)
    else:
        labels = (f"{name} = " + column.cast(pl.String)).alias(name)
        labels = _with_rare_ones_merged(labels)
    return labels.fill_null(f"{name} is missing")


def _with_rare_ones_merged(labels: pl.Series) -> pl.Series:
    counts = labels.alias("label").drop_nulls().value_counts(name="rows")
    frequent = counts.filter(pl.col("rows") >= MIN_ROWS)
    common = frequent.sort("rows", "label", descending=[True, False])["label"]
    kept = labels.is_null() | labels.is_in(common.head(MOST_VALUES).to_list())
    merged = pl.lit(f"{labels.name} has a rarer value")
    return pl.select(pl.when(kept).then(labels).otherwise(merged)).to_series()


def _bins(column: pl.Series) -> pl.Series:
    """Quarters of numbers or times, with their borders in words; nulls stay."""
    name, present = column.name, column.drop_nulls().sort()
    places = [present.len() * part // QUANTILES for part in range(1, QUANTILES)]
    borders = present.gather(places).unique().sort()
    place = borders.search_sorted(column, side="left")
    texts = [str(border) for border in borders]
    words = [
        f"{name} up to {texts[0]}",
        *(f"{name} above {low} up to {high}" for low, high in pairwise(texts)),
        f"{name} above {texts[-1]}",
    ]
    labels = pl.Series(words).gather(place)
    return pl.select(pl.when(column.is_not_null()).then(labels)).to_series()


def _by_size(labels: pl.Series) -> list[str]:
    """The different texts, the most frequent first."""
    counts = labels.alias("label").value_counts(name="rows")
    return counts.sort("rows", "label", descending=[True, False])["label"].to_list()
