"""Training, validation and test rows, and the checks that nothing leaks between them."""

from dataclasses import dataclass

import polars as pl

from ..errors import DataError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Parts:
    """The three parts of a table; no row is in two of them."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame


def split(
    rows: pl.DataFrame,
    *,
    kind: str,
    validation: float,
    test: float,
    target: str,
    key: str,
    time: str | None,
    seed: int,
) -> Parts:
    """Deal the rows to three parts, whatever their order.

    ``kind`` is ``stratified`` (random, each class alike) or ``time`` (oldest first).

    Raises:
        DataError: fewer than two classes, a repeated key, or an empty part.
    """
    if rows[target].n_unique() < 2:
        raise DataError(
            f"{target!r} holds one class only; two are needed. Mend the source or data.target.",
            "data.one_class",
        )
    if kind == "time":
        share = (pl.struct(time, key).rank("ordinal") - 1) / pl.len()
    else:
        share = pl.int_range(pl.len()).shuffle(seed).over(target) / pl.len().over(target)
    dealt = rows.sort(key).with_columns(share.alias("__share"))
    train_end, validation_end = 1 - validation - test, 1 - test
    part = pl.col("__share")
    parts = Parts(
        train=dealt.filter(part < train_end).drop("__share"),
        validation=dealt.filter((part >= train_end) & (part < validation_end)).drop("__share"),
        test=dealt.filter(part >= validation_end).drop("__share"),
    )
    check_leaks(parts, key=key, time=time if kind == "time" else None)
    return parts


def check_leaks(parts: Parts, *, key: str, time: str | None) -> None:
    """Refuse parts that share a key, or whose training rows are younger than test rows.

    Raises:
        DataError: says which rule is broken, and how often.
    """
    frames = [parts.train, parts.validation, parts.test]
    if any(not frame.height for frame in frames):
        sizes = ", ".join(f"{n}: {f.height}" for n, f in zip(PARTS, frames, strict=True))
        raise DataError(
            f"a part has no rows ({sizes}). Use more data, or edit conf/split.", "data.split"
        )
    keys = pl.concat([frame.select(key) for frame in frames])
    repeated = keys.height - keys[key].n_unique()
    if repeated:
        raise DataError(
            f"{repeated} values of the key {key!r} appear more than once, so the same row could "
            "train and test. Remove duplicates, or mend data.key.",
            "data.leak",
        )
    if time is not None:
        ends = [(frame[time].min(), frame[time].max()) for frame in frames]
        if ends[0][1] > ends[1][0] or ends[1][1] > ends[2][0]:  # type: ignore[operator]
            raise DataError(f"training rows are younger than test rows, by {time!r}.", "data.leak")
