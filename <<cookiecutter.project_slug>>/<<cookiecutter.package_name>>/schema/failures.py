"""Which rules each row breaks, as bits; and in words, for the few rows that break one."""

from collections.abc import Callable, Iterable, Sequence

import polars as pl

from .constraints import CAME, Rule
from .row import RowSchema

REASONS = "broken_rules"
REASON = "reason"
WITH_VALUES = 100_000  # rows whose reason shows their values
LONGEST = 60  # characters of a value that a reason shows
_NUMBER = "~number"
_BITS = 63  # rules that one whole number holds


def words(rules: Sequence[Rule]) -> list[pl.Expr]:
    """Whole numbers named ``~word 0``, …: bit by bit, whether a row breaks a rule."""
    zero = pl.lit(0, pl.UInt64)
    return [
        pl.sum_horizontal(
            zero,
            *(
                pl.when(rule.broken).then(pl.lit(1 << bit, pl.UInt64)).otherwise(zero)
                for bit, rule in enumerate(rules[start : start + _BITS])
            ),
        ).alias(name)
        for name, start in _starts(rules)
    ]


def breaks(rules: Sequence[Rule], some: Iterable[Rule]) -> pl.Expr:
    """True where a row, of which there are ``words`` of all rules, breaks one of some."""
    chosen = {id(rule) for rule in some}
    bits = {
        name: sum(1 << bit for bit, r in enumerate(rules[start : start + _BITS]) if id(r) in chosen)
        for name, start in _starts(rules)
    }
    asked = [pl.col(name) & pl.lit(bit, pl.UInt64) != 0 for name, bit in bits.items() if bit]
    return pl.any_horizontal(*asked) if asked else pl.lit(value=False)


def broken(rules: Sequence[Rule], row: Sequence[int]) -> list[Rule]:
    """The rules that a row with these words breaks."""
    return [rule for i, rule in enumerate(rules) if row[i // _BITS] >> (i % _BITS) & 1]


def explained(
    judged: pl.LazyFrame,
    rules: Sequence[Rule],
    some: Sequence[Rule],
    schema: RowSchema,
    before: int = 0,
) -> pl.LazyFrame:
    """The rows with ``broken_rules``, names, and ``reason``, a text with the values that they hold.

    After the first WITH_VALUES rows the text names the rules only: a table in which all is wrong
    must not cost more than it tells.

    Args:
        judged: rows of which each breaks at least one of ``some``, and their ``words``.
        before: how many such rows came before these.
    """
    found = judged.collect_schema()
    named = dict.fromkeys(name for rule in some for name in rule.columns)
    came = [CAME + name if CAME + name in found else name for name in named]
    values = [
        pl.when(breaks(rules, [rule for rule in some if name in rule.columns])).then(
            pl.concat_str(pl.lit(f"{name}="), _shown(name, found, schema))
        )
        for name in named
    ]
    texts = pl.struct(_NUMBER, *(name for name, _ in _starts(rules)), *came).map_batches(
        _reader(rules, some, pl.concat_str(pl.lit(""), *values, separator=" ", ignore_nulls=True)),
        return_dtype=pl.Struct({REASONS: pl.List(pl.String), REASON: pl.String}),
        is_elementwise=True,
    )
    numbered = judged.with_row_index(_NUMBER, before)
    return numbered.with_columns(texts.alias("~texts")).unnest("~texts")


def _reader(
    rules: Sequence[Rule], some: Sequence[Rule], values: pl.Expr
) -> Callable[[pl.Series], pl.Series]:
    """Words to names and texts; each combination of broken rules is put into words once."""
    chosen = {id(rule) for rule in some}
    bits = [name for name, _ in _starts(rules)]

    def read(batch: pl.Series) -> pl.Series:
        rows = batch.struct.unnest()
        known = rows.select(bits).unique()
        said = [[r for r in broken(rules, row) if id(r) in chosen] for row in known.iter_rows()]
        known = known.with_columns(
            pl.Series(REASONS, [[r.name for r in rs] for rs in said], pl.List(pl.String)),
            pl.Series(REASON, ["; ".join(r.text for r in rs) for rs in said], pl.String),
        )
        joined = rows.join(known, on=bits, how="left", maintain_order="left")
        if rows.height and rows[_NUMBER][0] < WITH_VALUES:
            full = pl.concat_str(REASON, pl.lit(" |"), values)
            joined = joined.with_columns(
                pl.when(pl.col(_NUMBER) < WITH_VALUES).then(full).otherwise(REASON).alias(REASON)
            )
        return joined.select(REASONS, REASON).to_struct()

    return read


def _starts(rules: Sequence[Rule]) -> list[tuple[str, int]]:
    return [(f"~word {start // _BITS}", start) for start in range(0, max(1, len(rules)), _BITS)]


def _shown(name: str, found: pl.Schema, schema: RowSchema) -> pl.Expr:
    """A column's value as it came, short; never a personal one."""
    came = CAME + name if CAME + name in found else name
    if name in schema.personal:
        return pl.lit("(personal)")
    if found[came].is_nested() or found[came] in (pl.Binary, pl.Object):
        return pl.lit(f"({found[came]})")
    return pl.col(came).cast(pl.String).str.slice(0, LONGEST).fill_null("null")
