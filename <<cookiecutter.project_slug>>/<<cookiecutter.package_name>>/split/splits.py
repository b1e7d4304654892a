"""Training, validation and test rows; and folds of the training rows, for tuning and its scores.

By ``stratified`` and ``group`` a row's part follows from its key, or its group, and the seed alone:
new rows move no old one, so a model of yesterday has not learned from the test rows of today.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ConfigError, DataError
from .keys import shares

PARTS = ("train", "validation", "test")
CLASSES = 20  # a number with more different values than this is a quantity, not a class
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
    asked for; ``group`` does so with whole groups; ``time`` takes the oldest rows for training.
    """

    kind: str
    target: str
    key: str
    time: str | None = None
    group: str | None = None
    seed: int = 0

    @property
    def by(self) -> str:
        """What places a row, for people."""
        if self.kind == "time":
            return f"{self.time}, oldest first"
        return f"the hash of {self.group if self.kind == 'group' else self.key}"


def is_quantity(target: pl.Series) -> bool:
    """Whether a target is a number to estimate; otherwise its values are classes."""
    return target.dtype.is_numeric() and target.n_unique() > CLASSES


def split(rows: pl.DataFrame, plan: SplitSpec, *, validation: float, test: float) -> Splits:
    """Deal the rows to three parts, each sorted by the key, whatever the order of ``rows``.

    ``validation`` and ``test`` are shares of all rows: exact by time, else in expectation.

    Raises:
        ConfigError: the plan names a column that is not there.
        DataError: a target or time is missing, or a part holds no rows or one class only.
    """
    _check(rows, plan)
    ordered = rows.sort(plan.key)
    place = _place(ordered, plan)
    ends = (1 - validation - test, 1 - test)
    number = (place >= ends[0]).cast(pl.Int8) + (place >= ends[1]).cast(pl.Int8)
    parts = Splits(*(ordered.filter(number == part) for part in range(len(PARTS))))
    _check_parts(parts, plan.target)
    return parts


def size_warnings(parts: Splits, plan: SplitSpec, *, validation: float, test: float) -> list[str]:
    """A warning for each part, or class in it, whose size is off by more than a fifth."""
    asked = dict(zip(PARTS, (1 - validation - test, validation, test), strict=True))
    rows = pl.concat(parts.named().values())
    warnings = [
        f"the {name} part holds {part.height / rows.height:.0%} of the rows, not the "
        f"{asked[name]:.0%} that was asked"
        for name, part in parts.named().items()
        if abs(part.height / rows.height / asked[name] - 1) > OFF
    ]
    if plan.kind == "time" or is_quantity(rows[plan.target]):
        return warnings
    classes = dict(rows[plan.target].value_counts().sort(plan.target).iter_rows())
    for name, part in parts.named().items():
        counts = dict(part[plan.target].value_counts().iter_rows())
        wanted = {value: total * asked[name] for value, total in classes.items()}
        warnings += [
            f"the {name} part holds {counts.get(value, 0)} rows of class {value!r}, not the "
            f"{size:.0f} that were asked"
            for value, size in wanted.items()
            if size >= JUDGED and abs(counts.get(value, 0) / size - 1) > OFF
        ]
    return warnings


def folds(rows: pl.DataFrame, plan: SplitSpec, *, number: int, repeats: int = 1) -> list[Fold]:
    """``number`` folds of the rows by the same plan as the split, ``repeats`` times.

    By time, fold i learns from all rows older than those that it scores; that has one order, so it
    cannot be repeated.

    Raises:
        DataError: there are too few rows, groups or members of a class, or a group would be on
            both sides of a fold.
    """
    from sklearn.model_selection import (
        RepeatedStratifiedKFold,
        StratifiedGroupKFold,
        TimeSeriesSplit,
    )

    codes = _group_codes(rows, plan.group) if plan.group else None
    y = rows.select(_strata(plan.target, is_quantity(rows[plan.target]))).to_series().to_numpy()
    try:
        if plan.kind == "time":
            order = rows.select(pl.struct(plan.time, plan.key).arg_sort()).to_series().to_numpy()
            made = [(order[a], order[b]) for a, b in TimeSeriesSplit(number).split(order)]
        elif plan.kind == "group":
            made = [
                fold
                for repeat in range(repeats)
                for fold in StratifiedGroupKFold(
                    number, shuffle=True, random_state=plan.seed + repeat
                ).split(y, y, codes)
            ]
        else:
            cv = RepeatedStratifiedKFold(n_splits=number, n_repeats=repeats, random_state=plan.seed)
            made = list(cv.split(y, y))
    except ValueError as error:
        raise DataError(f"no {number} folds: {error}. Ask for fewer.", "data.folds") from error
    _check_folds(made, codes)
    return made


def _check(rows: pl.DataFrame, plan: SplitSpec) -> None:
    time = plan.time if plan.kind == "time" else None
    named = {"data.target": plan.target, "data.key": plan.key}
    for setting, column in (named | {"data.time": time, "split.group": plan.group}).items():
        if column is not None and column not in rows.columns:
            raise ConfigError(
                f"{setting} is {column!r}; the columns are {', '.join(rows.columns)}.",
                "config.column",
            )
    for column in filter(None, (plan.target, time)):
        missing = rows[column].null_count()
        if missing:
            raise DataError(
                f"{column!r} is missing in {missing} of {rows.height} rows. Make it required in "
                "the schema, so that such rows go to quarantine, or fix the source.",
                "data.missing",
            )


def _check_parts(parts: Splits, target: str) -> None:
    sizes = ", ".join(f"{name}: {part.height}" for name, part in parts.named().items())
    empty = [name for name, part in parts.named().items() if not part.height]
    if empty:
        raise DataError(
            f"the {empty[0]} part has no rows ({sizes}). Use more data or smaller groups, or edit "
            "conf/split.",
            "data.split",
        )
    single = [name for name, part in parts.named().items() if part[target].n_unique() < 2]
    if single:
        raise DataError(
            f"the {', '.join(single)} part holds one value of {target!r} only ({sizes}), so "
            "nothing can be learned from it or measured on it. Use more rows, larger shares, "
            "another kind of split or split.seed, or fix data.target.",
            "data.one_class",
        )


def _strata(target: str, quantity: bool) -> pl.Expr:
    rank = pl.col(target).rank("ordinal") - 1
    return rank * QUANTILES // pl.len() if quantity else pl.col(target)


def _place(rows: pl.DataFrame, plan: SplitSpec) -> pl.Series:
    """Each row's place between 0 and 1 in the order in which rows are dealt."""
    if plan.kind == "time":
        oldest_first = (pl.struct(plan.time, plan.key).rank("ordinal") - 1) / pl.len()
        return rows.select(oldest_first).to_series()
    if plan.kind == "stratified":
        return pl.Series(shares(rows[plan.key], plan.seed))
    groups = rows[str(plan.group)].unique()
    by_group = pl.DataFrame([groups, pl.Series("~place", shares(groups, plan.seed))])
    on = str(plan.group)
    joined = rows.select(on).join(
        by_group, on=on, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["~place"]


def _group_codes(rows: pl.DataFrame, group: str) -> NDArray[np.intp]:
    """The number of each row's group; rows without one are a group together."""
    column = rows.select(group)
    numbered = column.unique(maintain_order=True).with_row_index("__number")
    joined = column.join(numbered, on=group, how="left", nulls_equal=True, maintain_order="left")
    return joined["__number"].to_numpy().astype(np.intp)


def _check_folds(made: list[Fold], codes: NDArray[np.intp] | None) -> None:
    for train, held_out in made:
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
