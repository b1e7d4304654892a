"""What must not leak from the rows that score a model into those that train it."""

import math
from dataclasses import dataclass

import polars as pl

from ..errors import DataError
from ..runtime.parquet import read_batches
from ..runtime.progress import progress
from .ranks import area_under_roc
from .splits import Splits, SplitSpec
from .table import SplitTable
from .target import Target, Task

BINS = 100  # of a feature with more values than that, by its quantiles
CLASSES = 10  # of a target, the most frequent ones, that a feature alone is tried on


@dataclass(frozen=True)
class Findings:
    """What was measured, and what people should know."""

    repeated: float  # share of validation and test rows that equal a training row
    alone: dict[str, float]  # how well a feature alone tells the target, 0 to 1; best first
    warnings: list[str]


def check(
    table: SplitTable,
    spec: SplitSpec,
    features: list[str],
    *,
    max_repeated: float,
    max_alone: float,
) -> Findings:
    """Refuse parts that leak; measure what may be honest, and warn.

    Raises:
        DataError: a key, a group or a moment on the wrong side, the target among the features, or
            more repeated rows than ``max_repeated``; or no feature that differs between rows.
    """
    check_features(table, features)
    check_keys(table.parts, spec.key)
    if spec.group:
        check_groups(table.parts, spec.group)
    if spec.kind == "time" and spec.time:
        check_time(table.parts, spec.time)
    if spec.kind == "latest" and spec.time:
        check_latest(table.parts, spec.time)
    check_target(table, features, spec.target.column)

    repeated = check_repeated(table, [*features, spec.target.column], max_repeated)
    alone = how_well_alone(table, features, spec.target)
    warnings = [
        f"the column {name!r} alone tells {spec.target.column!r} with a score of {score:.3f}, "
        "above split.max_alone: is it known at the time of the answer?"
        for name, score in alone.items()
        if score > max_alone
    ]
    if repeated:
        warnings.append(f"{repeated:.2%} of validation and test rows equal a training row")
    return Findings(round(repeated, 6), alone, warnings)


def check_features(table: SplitTable, features: list[str]) -> None:
    """Refuse rows that are all the same."""
    if all(table.read(_short(table, name))[name].n_unique() < 2 for name in features):
        raise DataError(
            "no feature differs between rows, so there is nothing to learn from; beside target, "
            f"key and data.ignore there are: {', '.join(features) or 'none'}. Add columns, or edit "
            "conf/data.",
            "data.no_features",
        )


def check_keys(parts: Splits, key: str) -> None:
    """Refuse a key that appears more than once."""
    keys = pl.concat([part[key] for part in parts.named().values()])
    repeated = keys.len() - keys.n_unique()
    if repeated:
        raise DataError(
            f"{repeated} values of the key {key!r} appear more than once, so the same row could "
            "train and test. Remove duplicates, or fix data.key.",
            "data.leak",
        )


def check_groups(parts: Splits, group: str) -> None:
    """Refuse a group that has rows in two parts."""
    named = parts.named().values()
    shared = (
        sum(part[group].n_unique() for part in named)
        - pl.concat([part[group] for part in named]).n_unique()
    )
    if shared:
        raise DataError(
            f"{shared} times a value of {group!r} has rows in more than one part, so a model "
            "could know it by name. Use split=group, or clear split.group.",
            "data.leak",
        )


def check_latest(parts: Splits, time: str) -> None:
    """Refuse test rows that are not younger than all others."""
    older = pl.concat([parts.train[time], parts.validation[time]])
    if older.max() >= parts.test[time].min():  # type: ignore[operator]
        raise DataError(
            f"test rows are not younger than all others, by {time!r}. Use split=latest.",
            "data.leak",
        )


def check_time(parts: Splits, time: str) -> None:
    """Refuse training rows that are younger than rows that score."""
    ends = [(part[time].min(), part[time].max()) for part in parts.named().values()]
    if ends[0][1] > ends[1][0] or ends[1][1] > ends[2][0]:  # type: ignore[operator]
        raise DataError(
            f"training rows are younger than test rows, by {time!r}. Use split=time.", "data.leak"
        )


def check_target(table: SplitTable, features: list[str], target: str) -> None:
    """Refuse a feature that is the target, or names each of its values by another one."""
    recoded = []
    with progress("leaks", len(features), "columns") as step:
        for name in features:
            recoded += [name] if _is_recoded(table, name, target) else []
            step()
    if recoded:
        raise DataError(
            f"{', '.join(recoded)} holds the target {target!r} itself, or another name for each of "
            "its values. List it under data.ignore.",
            "data.leak",
        )


def _is_recoded(table: SplitTable, name: str, target: str) -> bool:
    rows = table.read(_short(table, name), target)
    values = rows[target].n_unique()
    if rows[name].n_unique() != values or rows.n_unique() != values:
        return False
    if values <= rows.height / 2:
        return True
    if table.schema[name].is_nested() or table.schema[name] == pl.Binary:
        return False  # such as lists, which are no numbers
    # Nearly each row has a value of its own, so pairs are unique by chance: look at their order.
    number = table.read(pl.col(name, target).to_physical().cast(pl.Float64, strict=False))
    if number.null_count().sum_horizontal().item() > 0:
        return False  # words, which have no order
    return bool(number.select(pl.corr(name, target, method="spearman").abs()).item() > 1 - 1e-9)


def check_repeated(table: SplitTable, columns: list[str], limit: float) -> float:
    """The share of validation and test rows that equal a training row in all these columns.

    Rows are compared by hashes of 64 bits; among a billion rows, chance makes two equal in one of
    a hundred tables.

    Raises:
        DataError: it is above the limit.
    """
    hashes = []
    with progress("repeated rows", table.height) as step:
        for rows in read_batches(table.file, columns=columns):
            hashes.append(rows.select(pl.struct(columns).hash().alias("row")))
            step(rows.height)
    train, held_out = _sides(table.deal(pl.concat(hashes)))
    repeated = held_out.join(train, on="row", how="semi").height
    share = repeated / held_out.height
    if share > limit:
        raise DataError(
            f"{share:.1%} of validation and test rows equal a training row in all features and "
            f"the target; split.max_repeated allows {limit:.1%}. Remove copies, keep them together "
            "by split=group, or raise the limit where rows repeat honestly.",
            "data.leak",
        )
    return share


def how_well_alone(table: SplitTable, features: list[str], target: Target) -> dict[str, float]:
    """How well each feature alone tells the target of rows that it was not learned from.

    The target's mean for each value of the feature (or each hundredth of its values) is learned
    from training rows and scores the others: by ROC AUC, best of the most frequent classes; by
    Spearman's correlation where the target is a quantity.
    """
    train, held_out = _sides(table.parts)
    truths = [
        (train.select(truth).to_series(), held_out.select(truth).to_series())
        for truth in _truths(train[target.column], target)
    ]
    scores = {}
    with progress("leaks", len(features), "columns") as step:
        for name in features:
            column = table.read(_short(table, name))
            known, asked = (side[name] for side in _sides(table.deal(column)))
            if _has_order(table.schema[name]):
                known, asked = _binned(known, asked)
            scores[name] = max(
                _score_alone(
                    pl.DataFrame({"value": known, "truth": known_truth}),
                    pl.DataFrame({"value": asked, "truth": asked_truth}),
                )
                for known_truth, asked_truth in truths
            )
            step()
    return {name: round(s, 4) for name, s in sorted(scores.items(), key=lambda item: -item[1])}


def _sides(parts: Splits) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that train, and those that score."""
    return parts.train, pl.concat([parts.validation, parts.test])


def _truths(values: pl.Series, target: Target) -> list[pl.Expr]:
    """What a feature is tried on: the quantity, or whether a row is of a class."""
    if target.task is Task.REGRESSION:
        return [pl.col(target.column)]
    counts = values.alias("class").value_counts().sort("count", "class", descending=[True, False])
    frequent = counts["class"].head(CLASSES).to_list()
    binary = target.task is Task.BINARY  # of two, one is the other's mirror
    classes = target.classes[-1:] if binary else [c for c in target.classes if c in frequent]
    return [pl.col(target.column) == value for value in classes]


def _short(table: SplitTable, name: str) -> pl.Expr:
    """A column of eight bytes a row: texts and such, which have no order, by their hashes."""
    return pl.col(name) if _has_order(table.schema[name]) else pl.col(name).hash()


def _has_order(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _score_alone(known: pl.DataFrame, asked: pl.DataFrame) -> float:
    means = known.group_by("value").agg(pl.col("truth").mean().alias("mean"))
    scored = asked.join(means, on="value", how="left", nulls_equal=True).with_columns(
        pl.col("mean").fill_null(known["truth"].mean())
    )
    if asked["truth"].dtype != pl.Boolean:
        score = scored.select(pl.corr("mean", "truth", method="spearman").abs()).item()
        return 0.0 if score is None or math.isnan(score) else float(score)
    return _roc_auc(scored["mean"], scored["truth"])


def _binned(train: pl.Series, held_out: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Both with few values: as they are, or by quantiles of the first; a null stays one."""
    train, held_out = train.to_physical(), held_out.to_physical()
    if train.n_unique() <= BINS:
        return train, held_out
    cuts = train.drop_nulls().sort().gather_every(max(train.len() // BINS, 1)).unique().sort()

    def binned(column: pl.Series) -> pl.Series:
        place = pl.Series(cuts.search_sorted(column.fill_null(cuts[0]), side="right"))
        return (
            place.to_frame("place")
            .select(pl.when(column.is_not_null()).then(pl.col("place")))
            .to_series()
        )

    return binned(train), binned(held_out)


def _roc_auc(scores: pl.Series, truth: pl.Series) -> float:
    """0.5 where one class is absent."""
    positive = truth.to_numpy()
    if positive.all() or not positive.any():
        return 0.5
    return area_under_roc(scores.to_numpy(), positive)
