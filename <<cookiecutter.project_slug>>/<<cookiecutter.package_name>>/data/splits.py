"""Training, validation and test rows; and folds of the training rows, for tuning and its scores."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ConfigError, DataError

PARTS = ("train", "validation", "test")
CLASSES = 20  # a number with more different values than this is a quantity, not a class
QUANTILES = 10
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # row numbers: to learn from, to score


@dataclass(frozen=True)
class Parts:
    """The three parts of a table; no row is in two of them."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame

    def named(self) -> dict[str, pl.DataFrame]:
        """The parts by name, in order."""
        return {name: getattr(self, name) for name in PARTS}


@dataclass(frozen=True)
class Plan:
    """How rows are dealt: by ``kind``, and what the columns mean.

    ``stratified`` draws rows at random, each class alike (a quantity: each tenth of its values);
    ``group`` does so with whole groups; ``time`` takes the oldest rows for training.
    """

    kind: str
    target: str
    key: str
    time: str | None = None
    group: str | None = None
    seed: int = 0

    def by(self, rows: pl.DataFrame) -> str:
        """What the rows are dealt by, for people."""
        if self.kind == "time":
            return f"{self.time}, oldest first"
        strata = f"{QUANTILES} quantiles" if is_quantity(rows[self.target]) else "classes"
        whole = f"whole {self.group}, " if self.kind == "group" else ""
        return f"{whole}{strata} of {self.target} alike"


def is_quantity(target: pl.Series) -> bool:
    """Whether a target is a number to estimate; otherwise its values are classes."""
    return target.dtype.is_numeric() and target.n_unique() > CLASSES


def split(rows: pl.DataFrame, plan: Plan, *, validation: float, test: float) -> Parts:
    """Deal the rows to three parts, each sorted by the key, whatever the order of ``rows``.

    ``validation`` and ``test`` are shares of all rows. Parts of whole groups come as near to them
    as the sizes of the groups allow.

    Raises:
        ConfigError: the plan names a column that is not there.
        DataError: a target or time is missing, there is one class, or a part would be empty.
    """
    _check(rows, plan)
    ordered = rows.sort(plan.key)
    ends = (1 - validation - test, 1 - test)
    if plan.kind == "group":
        number = _deal_groups(ordered, plan, np.diff([0, *ends, 1]))
    else:
        share = ordered.select(_share(plan, is_quantity(rows[plan.target]))).to_series()
        number = (share >= ends[0]).cast(pl.Int8) + (share >= ends[1]).cast(pl.Int8)
    parts = Parts(*(ordered.filter(number == part) for part in range(len(PARTS))))
    if any(not part.height for part in parts.named().values()):
        sizes = ", ".join(f"{name}: {part.height}" for name, part in parts.named().items())
        raise DataError(
            f"a part has no rows ({sizes}). Use more data or smaller groups, or edit conf/split.",
            "data.split",
        )
    return parts


def unmet(parts: Parts, *, validation: float, test: float) -> list[str]:
    """A warning for each part whose size is off by more than a fifth of what was asked."""
    rows = sum(part.height for part in parts.named().values())
    asked = {"train": 1 - validation - test, "validation": validation, "test": test}
    return [
        f"the {name} part holds {part.height / rows:.0%} of the rows, not the {asked[name]:.0%} "
        "that was asked, for its groups are too large"
        for name, part in parts.named().items()
        if abs(part.height / rows / asked[name] - 1) > 0.2
    ]


def folds(rows: pl.DataFrame, plan: Plan, *, number: int, repeats: int = 1) -> list[Fold]:
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


def _check(rows: pl.DataFrame, plan: Plan) -> None:
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
                "the schema, so that such rows go to quarantine, or mend the source.",
                "data.missing",
            )
    if rows[plan.target].n_unique() < 2:
        raise DataError(
            f"{plan.target!r} holds one class only; two are needed. Mend the source or "
            "data.target.",
            "data.one_class",
        )


def _strata(target: str, quantity: bool) -> pl.Expr:
    rank = pl.col(target).rank("ordinal") - 1
    return rank * QUANTILES // pl.len() if quantity else pl.col(target)


def _share(plan: Plan, quantity: bool) -> pl.Expr:
    """Each row's place between 0 and 1 in the order in which rows are dealt."""
    if plan.kind == "time":
        return (pl.struct(plan.time, plan.key).rank("ordinal") - 1) / pl.len()
    strata = _strata(plan.target, quantity)
    return pl.int_range(pl.len()).shuffle(plan.seed).over(strata) / pl.len().over(strata)


def _group_codes(rows: pl.DataFrame, group: str) -> NDArray[np.intp]:
    """The number of each row's group; rows without one are a group together."""
    column = rows.select(group)
    numbered = column.unique(maintain_order=True).with_row_index("__number")
    joined = column.join(numbered, on=group, how="left", nulls_equal=True, maintain_order="left")
    return joined["__number"].to_numpy().astype(np.intp)


def _deal_groups(rows: pl.DataFrame, plan: Plan, shares: NDArray[np.float64]) -> pl.Series:
    """The part of each row: large groups first, each to the part that lacks most of its rows.

    Each step is the least squared distance from the asked shares of every class. Groups of like
    size (to a power of two) come in random order.
    """
    codes = _group_codes(rows, str(plan.group))
    quantity = is_quantity(rows[plan.target])
    strata = rows.select(_strata(plan.target, quantity).rank("dense") - 1).to_series().to_numpy()
    counts = np.zeros((codes.max() + 1, strata.max() + 1))
    np.add.at(counts, (codes, strata), 1)
    weighed = counts / counts.sum(axis=0)
    lacks = np.outer(shares, np.ones(counts.shape[1]))

    shuffled = np.random.default_rng(plan.seed).permutation(len(counts))
    magnitude = np.floor(np.log2(counts[shuffled].sum(axis=1)))
    order = shuffled[np.argsort(-magnitude, kind="stable")]
    part = np.empty(len(counts), dtype=np.int8)
    for group in order:
        part[group] = np.argmax(lacks @ weighed[group])
        lacks[part[group]] -= weighed[group]
    return pl.Series(part[codes])


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
