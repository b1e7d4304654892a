"""Training, validation and test rows; and folds of the training rows, for tuning and its scores.

By ``stratified`` and ``group`` a row's part follows from its key, or its group, and the seed alone:
new rows move no old one, so a model of yesterday has not learned from the test rows of today.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..config.data import Data
from ..config.split import Split
from ..errors import ConfigError, DataError
from .keys import group_codes, shares
from .target import Target, Task

PARTS = ("train", "validation", "test")
PERIODS = {"day": "1d", "week": "1w", "month": "1mo"}
QUANTILES = 10
OFF = 0.2  # by how much the size of a part, or of a class in it, may differ from what was asked
JUDGED = (
    100  # rows of a class that a part should hold, at least: chance moves fewer further than OFF
)
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # row numbers: to learn from, to score


@dataclass(frozen=True)
class Splits:
    """The three parts of a table; no row is in two of them."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame

    def named(self) -> dict[str, pl.DataFrame]:
        """The parts by name, in order."""
        return {name: getattr(self, name) for name in PARTS}


@dataclass(frozen=True)
class SplitSpec:
    """How rows are dealt: by ``kind``, and what the columns mean.

    ``stratified`` places each row by its key, so that every class has, in expectation, the shares
    asked for; ``group`` does so with whole groups; ``time`` takes the oldest rows for training;
    ``latest`` tests on the newest ``period`` and places each older row by its key.
    """

    kind: str
    target: Target
    key: str
    time: str | None = None
    group: str | None = None
    seed: int = 0
    period: str = "month"

    @classmethod
    def from_config(cls, data: Data, split: Split, target: Target) -> "SplitSpec":
        """How the configuration asks to deal rows."""
        settled = split.group, split.seed, split.period
        return cls(split.kind, target, data.key, data.time, *settled)

    @property
    def by(self) -> str:
        """What places a row, for people."""
        if self.kind == "time":
            return f"{self.time}, oldest first"
        if self.kind == "latest":
            return f"the newest {self.period} of {self.time}, before it the hash of {self.key}"
        return f"the hash of {self.group if self.kind == 'group' else self.key}"


def split(rows: pl.DataFrame, spec: SplitSpec, *, validation: float, test: float | None) -> Splits:
    """Deal the rows to three parts, each sorted by the key, whatever the order of ``rows``.

    ``validation`` and ``test`` are shares of all rows: exact by time, else in expectation. By
    ``latest``, ``validation`` is one of the older rows, and ``test`` is None.

    Raises:
        ConfigError: the specification names a column that is not there.
        DataError: a target or time is missing, or a part holds no rows or one class only.
    """
    _check(rows, spec)
    ordered = rows.sort(spec.key)
    place = _place(ordered, spec)
    ends = (1 - validation, 1.0) if test is None else (1 - validation - test, 1 - test)
    number = (place >= ends[0]).cast(pl.Int8) + (place >= ends[1]).cast(pl.Int8)
    parts = Splits(*(ordered.filter(number == part) for part in range(len(PARTS))))
    _check_parts(parts, spec.target)
    return parts


def size_warnings(
    parts: Splits, spec: SplitSpec, *, validation: float, test: float | None
) -> list[str]:
    """A warning for each part, or class in it, whose size is off by more than a fifth."""
    if test is None:
        return []
    asked = dict(zip(PARTS, (1 - validation - test, validation, test), strict=True))
    rows = pl.concat(parts.named().values())
    warnings = [
        f"the {name} part holds {part.height / rows.height:.0%} of the rows, not the "
        f"{asked[name]:.0%} that was asked"
        for name, part in parts.named().items()
        if abs(part.height / rows.height / asked[name] - 1) > OFF
    ]
    if spec.kind == "time" or not spec.target.is_classification:
        return warnings
    target = spec.target.column
    classes = dict(rows[target].alias("class").value_counts().sort("class").iter_rows())
    for name, part in parts.named().items():
        counts = dict(part[target].alias("class").value_counts().iter_rows())
        wanted = {value: total * asked[name] for value, total in classes.items()}
        warnings += [
            f"the {name} part holds {counts.get(value, 0)} rows of class {value!r}, not the "
            f"{size:.0f} that were asked"
            for value, size in wanted.items()
            if size >= JUDGED and abs(counts.get(value, 0) / size - 1) > OFF
        ]
    return warnings


def folds(rows: pl.DataFrame, spec: SplitSpec, *, number: int, repeats: int = 1) -> list[Fold]:
    """``number`` folds of the rows as the split deals rows, ``repeats`` times.

    By time, fold i learns from all rows older than those that it scores; that has one order, so it
    cannot be repeated.

    Raises:
        DataError: there are too few rows, groups or members of a class, a fold would learn from
            one class, or a group would be on both sides of it.
    """
    from sklearn.model_selection import (
        RepeatedStratifiedKFold,
        StratifiedGroupKFold,
        TimeSeriesSplit,
    )

    codes = group_codes(rows[spec.group]) if spec.group else None
    y = rows.select(_strata(spec.target)).to_series().to_numpy()
    try:
        if spec.kind == "time":
            order = rows.select(pl.struct(spec.time, spec.key).arg_sort()).to_series().to_numpy()
            pairs = [(order[a], order[b]) for a, b in TimeSeriesSplit(number).split(order)]
        elif spec.kind == "group":
            pairs = [
                fold
                for repeat in range(repeats)
                for fold in StratifiedGroupKFold(
                    number, shuffle=True, random_state=spec.seed + repeat
                ).split(y, y, codes)
            ]
        else:
            cv = RepeatedStratifiedKFold(n_splits=number, n_repeats=repeats, random_state=spec.seed)
            pairs = list(cv.split(y, y))
    except ValueError as error:
        raise DataError(f"no {number} folds: {error}. Ask for fewer.", "data.folds") from error
    _check_folds(pairs, codes)
    if spec.target.is_classification:
        _check_classes(pairs, y)
    return pairs


def _check(rows: pl.DataFrame, spec: SplitSpec) -> None:
    time = spec.time if spec.kind in ("time", "latest") else None
    named = {"data.target": spec.target.column, "data.key": spec.key}
    for setting, column in (named | {"data.time": time, "split.group": spec.group}).items():
        if column is not None and column not in rows.columns:
            raise ConfigError(
                f"{setting} is {column!r}; the columns are {', '.join(rows.columns)}.",
                "config.column",
            )
    if spec.kind == "latest" and rows.schema[str(time)] not in (pl.Date, pl.Datetime):
        raise ConfigError(
            f"split.kind 'latest' needs dates in data.time; {time!r} is {rows.schema[str(time)]}. "
            "Give it the format date or date-time in the schema, or choose another split.",
            "config.column",
        )
    missing = rows[time].null_count() if time else 0
    if missing:
        raise DataError(
            f"{time!r} is missing in {missing} of {rows.height} rows. Make it required in the "
            "schema, so that such rows go to quarantine, or fix the source.",
            "data.missing",
        )


def _check_parts(parts: Splits, target: Target) -> None:
    sizes = ", ".join(f"{name}: {part.height}" for name, part in parts.named().items())
    empty = [name for name, part in parts.named().items() if not part.height]
    if empty:
        raise DataError(
            f"the {empty[0]} part has no rows ({sizes}). Use more data or smaller groups, or edit "
            "conf/split.",
            "data.split",
        )
    for name, part in parts.named().items():
        values = part[target.column]
        absent = [value for value in target.classes if value not in values]
        optional = name == "validation" and target.task is Task.MULTICLASS
        if values.n_unique() < 2 or (absent and not optional):
            lacks = f"holds no row of class {absent[0]!r}" if absent else "holds one value only"
            raise DataError(
                f"the {name} part {lacks} of {target.column!r} ({sizes}), so nothing can be "
                "learned from it or measured on it. Use more rows, larger shares, another kind of "
                "split or split.seed, or fix data.target.",
                "data.one_class",
            )


def _strata(target: Target) -> pl.Expr:
    rank = pl.col(target.column).rank("ordinal") - 1
    return pl.col(target.column) if target.is_classification else rank * QUANTILES // pl.len()


def _place(rows: pl.DataFrame, spec: SplitSpec) -> pl.Series:
    """Each row's place between 0 and 1 in the order in which rows are dealt."""
    if spec.kind == "time":
        oldest_first = (pl.struct(spec.time, spec.key).rank("ordinal") - 1) / pl.len()
        return rows.select(oldest_first).to_series()
    if spec.kind == "latest":
        start = rows[str(spec.time)].dt.truncate(PERIODS[spec.period])
        return pl.Series(np.where(start == start.max(), 1.0, shares(rows[spec.key], spec.seed)))
    if spec.kind == "stratified":
        return pl.Series(shares(rows[spec.key], spec.seed))
    groups = rows[str(spec.group)].unique()
    by_group = pl.DataFrame([groups, pl.Series("~place", shares(groups, spec.seed))])
    on = str(spec.group)
    joined = rows.select(on).join(
        by_group, on=on, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["~place"]


def _check_classes(pairs: list[Fold], y: NDArray[Any]) -> None:
    """Refuse a fold that learns from one class; ``y``, (n,), are the classes of the rows."""
    for number, (train, _) in enumerate(pairs, start=1):
        if np.unique(y[train]).size < 2:
            raise DataError(
                f"fold {number} of {len(pairs)} learns from {train.size} rows of one class. Ask "
                "for fewer folds, or choose another kind of split.",
                "data.folds",
            )


def _check_folds(pairs: list[Fold], codes: NDArray[np.intp] | None) -> None:
    for train, held_out in pairs:
        if not held_out.size:
            raise DataError("a fold has no rows. Ask for fewer folds.", "data.folds")
        if codes is None:
            continue
        shared = np.intersect1d(codes[train], codes[held_out]).size
        if shared:
            raise DataError(
                f"{shared} groups stand on both sides of a fold. Use split=group.",
                "data.leak",
            )
