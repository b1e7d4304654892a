"""Tables joined by key; how many rows may meet is stated, and checked before anything is joined."""

from collections.abc import Sequence

import polars as pl

from ..errors import DataError

KEYS = 2_000_000  # distinct keys in memory while they are counted


def join(
    left: pl.LazyFrame, right: pl.LazyFrame, by: Sequence[str], cardinality: str, shown: str
) -> pl.LazyFrame:
    """All rows of ``left``, in their order, with the columns of the rows of ``right`` that match.

    ``cardinality`` says how often a key may stand: ``n:1`` once in ``right``, ``1:n`` once in
    ``left``, ``1:1`` once in each. A null matches nothing; a key of ``right`` is brought to the
    type of ``left``. The right table is held in memory.

    Raises:
        DataError: a key is missing, or stands twice where it may once (with an example); both
            tables have a column of the same name that is no key.
    """
    ours, theirs = left.collect_schema(), right.collect_schema()
    for side, schema in (("the rows before it", ours), (shown, theirs)):
        absent = [name for name in by if name not in schema]
        if absent:
            raise DataError(
                f"join with {shown}: {side} lacks the key {', '.join(absent)}; it has "
                f"{', '.join(schema)}. Mend join.by in conf/data.",
                "data.join_key",
            )
    both = [name for name in theirs if name in ours and name not in by]
    if both:
        raise DataError(
            f"join with {shown}: both sides have {', '.join(both)}. Rename or drop it in one.",
            "data.join_column",
        )
    unlike = [name for name in by if ours[name] != theirs[name]]
    matched = right.with_columns(
        pl.col(name).cast(pl.String).cast(ours[name], strict=False) for name in unlike
    )
    if cardinality.startswith("1"):
        _check_unique(left, by, "the rows before it", shown, cardinality)
    if cardinality.endswith("1"):
        _check_unique(matched, by, shown, shown, cardinality)
    return left.join(matched, on=list(by), how="left", maintain_order="left_right")


def _check_unique(
    rows: pl.LazyFrame, by: Sequence[str], side: str, shown: str, cardinality: str
) -> None:
    """Count keys in passes over parts of them, so that memory is bounded."""
    keys = rows.select(by).drop_nulls()
    passes = 1 + int(keys.select(pl.len()).collect().item()) // KEYS
    for number in range(passes):
        part = keys.filter(pl.struct(by).hash() % passes == number) if passes > 1 else keys
        counted = part.group_by(by).len().filter(pl.col("len") > 1)
        twice = counted.sort(by).head(1).collect(engine="streaming")
        if twice.height:
            found = twice.row(0, named=True)
            times = found.pop("len")
            key = ", ".join(f"{name}={value}" for name, value in found.items())
            raise DataError(
                f"join with {shown} is declared {cardinality}, but {key} stands {times} times in "
                f"{side}. Mend the data, or join.cardinality in conf/data.",
                "data.join_cardinality",
            )
