"""Joins by key, with a declared cardinality that is checked before anything is joined."""

from collections.abc import Callable, Sequence

import polars as pl
import structlog

from ..errors import DataError

KEYS = 2_000_000  # distinct keys in memory while they are counted
LARGE = 0.5  # share of rows without a partner that is worth a warning
TEXTS = (pl.String, pl.Categorical, pl.Enum)
TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f")
_KEY = "~key "  # before a key's name: its value in the common type of both sides

log = structlog.get_logger()


def joiner(
    left: pl.LazyFrame, right: pl.LazyFrame, by: Sequence[str], cardinality: str, label: str
) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """A function that joins ``right`` to ``left`` or to a part of its rows.

    It returns these rows, in their order, with the columns of the rows of ``right`` that match.
    Keys and cardinality are checked here, on all of ``left``.

    ``cardinality`` says how often a key may stand: ``n:1`` once in ``right``, ``1:n`` once in
    ``left``, ``1:1`` once in each. A null matches nothing. Keys of two types are compared by what
    they say: 7, 7.0 and the texts "7", " 7" and "7.0" are one key; so are a date and its text. Two
    texts are alike only letter by letter. The right table is held in memory.

    Raises:
        DataError: a key is missing, twice where it may be once (with an example), or of types that
            cannot be compared; no key matches; a column that is no key is in both tables.
    """
    ours, theirs = left.collect_schema(), right.collect_schema()
    _check_columns(ours, theirs, by, label)
    common = {n: _common_type(n, ours[n], theirs[n], label) for n in by if ours[n] != theirs[n]}
    keys = [_KEY + name if name in common else name for name in by]

    def with_keys(rows: pl.LazyFrame, types: pl.Schema) -> pl.LazyFrame:
        return rows.with_columns(_cast_key(n, types[n], dtype) for n, dtype in common.items())

    left, right = with_keys(left, ours), with_keys(right, theirs)
    if cardinality.startswith("1"):
        _check_unique(left, keys, "the rows before it", label, cardinality)
    if cardinality.endswith("1"):
        _check_unique(right, keys, label, label, cardinality)
    _check_partners(left, right, keys, by, label)
    right = right.drop(common)

    def join(rows: pl.LazyFrame) -> pl.LazyFrame:
        rows = with_keys(rows, ours)
        joined = rows.join(right, on=keys, how="left", maintain_order="left_right")
        return joined.drop(_KEY + name for name in common)

    return join


def _check_columns(ours: pl.Schema, theirs: pl.Schema, by: Sequence[str], label: str) -> None:
    """Refuse a key that a side lacks, and another column that both have."""
    for side, schema in (("the rows before it", ours), (label, theirs)):
        absent = [name for name in by if name not in schema]
        if absent:
            raise DataError(
                f"join with {label}: {side} lacks the key {', '.join(absent)}; it has "
                f"{', '.join(schema)}. Fix join.by in conf/data.",
                "data.join_key",
            )
    both = [name for name in theirs if name in ours and name not in by]
    if both:
        raise DataError(
            f"join with {label}: both sides have {', '.join(both)}. Rename or drop it in one.",
            "data.join_column",
        )


def _common_type(name: str, ours: pl.DataType, theirs: pl.DataType, label: str) -> pl.DataType:
    """The type in which a key of two types is compared."""
    types = [dtype for dtype in (ours, theirs) if dtype not in (*TEXTS, pl.Null)]
    if not types:
        return pl.String()
    if all(dtype.is_numeric() for dtype in types):
        return pl.Int128() if any(dtype.is_integer() for dtype in types) else pl.Float64()
    if all(dtype in (pl.Date, pl.Datetime) for dtype in types):
        return pl.Datetime("us")
    if len(types) == 1 and types[0] == pl.Boolean:
        return types[0]
    raise DataError(
        f"join with {label}: the key {name} is {ours} in the rows before it and {theirs} there; "
        "no value of one can be compared with one of the other. Fix join.by, or one of the types.",
        "data.join_key",
    )


def _cast_key(name: str, source: pl.DataType, target: pl.DataType) -> pl.Expr:
    """The key in another type; null where it cannot be cast."""
    value, number = pl.col(name), pl.col(name)
    if source in TEXTS:
        value = value.cast(pl.String)
        bare = value.str.strip_chars()
        number = bare.cast(pl.Float64, strict=False)
        if target == pl.Datetime:
            times = [bare.str.strptime(pl.Datetime("us"), f, strict=False) for f in TIMES]
            value = pl.coalesce(times)
        elif target == pl.Boolean:
            words = {"true": True, "false": False}
            lower = bare.str.to_lowercase()
            value = lower.replace_strict(words, default=None, return_dtype=pl.Boolean)
        elif target != pl.String:
            value = bare
    elif isinstance(source, pl.Datetime) and source.time_zone:
        value = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if target == pl.Int128 and (source in TEXTS or source.is_float() or source.is_decimal()):
        whole = pl.when(number == number.floor()).then(number.cast(pl.Int128, strict=False))
        exact = [value.cast(pl.Int128, strict=False)] if source in TEXTS else []
        return pl.coalesce(*exact, whole).alias(_KEY + name)
    return value.cast(target, strict=False).alias(_KEY + name)


def _check_partners(
    left: pl.LazyFrame, right: pl.LazyFrame, keys: Sequence[str], by: Sequence[str], label: str
) -> None:
    """Refuse a join in which no key matches; warn where few do."""
    alone = left.select(keys).join(right.select(keys), on=keys, how="anti")
    counts = [rows.select(pl.len()) for rows in (left, alone)]
    rows, without = (n.item() for n in pl.collect_all(counts, engine="streaming"))
    if not without:
        return
    if without == rows:
        ours, theirs = (_examples(side, by) for side in (left, right))
        raise DataError(
            f"join with {label}: no key matches. {', '.join(by)} is {ours} in the rows before it, "
            f"and {theirs} there. Fix the keys in one of them, or join.by in conf/data.",
            "data.join_partners",
        )
    share = without / rows
    write = log.warning if share > LARGE else log.info
    write("joined", source=label, rows=rows, without_partner=without, share=round(share, 4))


def _examples(rows: pl.LazyFrame, by: Sequence[str]) -> str:
    first = rows.select(by).drop_nulls().head(2).collect().rows()
    return " or ".join(", ".join(map(repr, row)) for row in first) or "always null"


def _check_unique(
    rows: pl.LazyFrame, by: Sequence[str], side: str, label: str, cardinality: str
) -> None:
    """Count keys in passes over parts of them, so that memory is bounded."""
    keys = rows.select(by).drop_nulls()
    passes = 1 + int(keys.select(pl.len()).collect().item()) // KEYS
    for number in range(passes):
        part = keys.filter(pl.struct(by).hash() % passes == number) if passes > 1 else keys
        counted = part.group_by(by).len().filter(pl.col("len") > 1)
        repeated = counted.sort(by).head(1).collect(engine="streaming")
        if repeated.height:
            first = repeated.row(0, named=True)
            times = first.pop("len")
            key = ", ".join(f"{n.removeprefix(_KEY)}={value}" for n, value in first.items())
            raise DataError(
                f"join with {label} is declared {cardinality}, but {key} stands {times} times in "
                f"{side}. Fix the data, or join.cardinality in conf/data.",
                "data.join_cardinality",
            )
