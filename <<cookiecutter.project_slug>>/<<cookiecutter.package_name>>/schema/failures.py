"""Which rules each row violates: as bit masks of all rows, as reasons in words for refused ones."""

from collections.abc import Callable, Iterable, Sequence

import polars as pl

from .constraints import ORIGINAL, Rule
from .row import RowSchema

BROKEN_RULES = "broken_rules"  # the columns that ``with_reasons`` adds
REASON = "reason"
WITH_VALUES = 100_000  # rows whose reason holds their values
LONGEST = 60  # characters of a value in a reason
_NUMBER = "~number"
_BITS = 63  # rules in one mask


def violation_masks(rules: Sequence[Rule]) -> list[pl.Expr]:
    """Whole numbers named ``~mask 0``, …: bit by bit, whether a row violates a rule."""
    zero = pl.lit(0, pl.UInt64)
    return [
        pl.sum_horizontal(
            zero,
            *(
                pl.when(rule.violation).then(pl.lit(1 << bit, pl.UInt64)).otherwise(zero)
                for bit, rule in enumerate(rules[start : start + _BITS])
            ),
        ).alias(name)
        for name, start in _masks(rules)
    ]


def violates_any(rules: Sequence[Rule], chosen: Iterable[Rule]) -> pl.Expr:
    """True where a row, which has the masks of all ``rules``, violates one of the ``chosen``."""
    ids = {id(rule) for rule in chosen}
    bits = {
        name: sum(1 << bit for bit, r in enumerate(rules[start : start + _BITS]) if id(r) in ids)
        for name, start in _masks(rules)
    }
    tests = [pl.col(name) & pl.lit(bit, pl.UInt64) != 0 for name, bit in bits.items() if bit]
    return pl.any_horizontal(*tests) if tests else pl.lit(value=False)


def violated_rules(rules: Sequence[Rule], masks: Sequence[int]) -> list[Rule]:
    """The rules that a row with these masks violates."""
    return [rule for i, rule in enumerate(rules) if masks[i // _BITS] >> (i % _BITS) & 1]


def with_reasons(
    rows: pl.LazyFrame,
    rules: Sequence[Rule],
    chosen: Sequence[Rule],
    schema: RowSchema,
    before: int = 0,
) -> pl.LazyFrame:
    """The rows with ``broken_rules``, names, and ``reason``, a text with the values that they hold.

    After the first WITH_VALUES rows the text names the rules only: a table in which all is wrong
    must not cost more than it says.

    Args:
        rows: each violates at least one of the ``chosen`` rules; with the masks of all ``rules``.
        rules: all of them.
        chosen: those that are explained.
        schema: of the row; values of personal columns stay out of the text.
        before: how many such rows of the same table came before these.
    """
    types = rows.collect_schema()
    names = dict.fromkeys(name for rule in chosen for name in rule.columns)
    originals = [ORIGINAL + name if ORIGINAL + name in types else name for name in names]
    values = [
        pl.when(violates_any(rules, [rule for rule in chosen if name in rule.columns])).then(
            pl.concat_str(pl.lit(f"{name}="), _value_text(name, types, schema))
        )
        for name in names
    ]
    text = pl.concat_str(pl.lit(""), *values, separator=" ", ignore_nulls=True)
    reasons = pl.struct(_NUMBER, *(name for name, _ in _masks(rules)), *originals).map_batches(
        _explain(rules, chosen, text),
        return_dtype=pl.Struct({BROKEN_RULES: pl.List(pl.String), REASON: pl.String}),
        is_elementwise=True,
    )
    numbered = rows.with_row_index(_NUMBER, before)
    return numbered.with_columns(reasons.alias("~reasons")).unnest("~reasons")


def _explain(
    rules: Sequence[Rule], chosen: Sequence[Rule], values: pl.Expr
) -> Callable[[pl.Series], pl.Series]:
    """From masks to names and texts; each combination of rules is put into words once a batch."""
    ids = {id(rule) for rule in chosen}
    masks = [name for name, _ in _masks(rules)]

    def explain(batch: pl.Series) -> pl.Series:
        rows = batch.struct.unnest()
        combinations = rows.select(masks).unique()
        violated = [
            [rule for rule in violated_rules(rules, row) if id(rule) in ids]
            for row in combinations.iter_rows()
        ]
        combinations = combinations.with_columns(
            pl.Series(BROKEN_RULES, [[r.name for r in rs] for rs in violated], pl.List(pl.String)),
            pl.Series(REASON, ["; ".join(r.text for r in rs) for rs in violated], pl.String),
        )
        explained = rows.join(combinations, on=masks, how="left", maintain_order="left")
        if rows.height and rows[_NUMBER][0] < WITH_VALUES:
            full = pl.concat_str(REASON, pl.lit(" |"), values)
            explained = explained.with_columns(
                pl.when(pl.col(_NUMBER) < WITH_VALUES).then(full).otherwise(REASON).alias(REASON)
            )
        return explained.select(BROKEN_RULES, REASON).to_struct()

    return explain


def _masks(rules: Sequence[Rule]) -> list[tuple[str, int]]:
    """The name of each mask, and the number of its first rule."""
    return [(f"~mask {start // _BITS}", start) for start in range(0, max(1, len(rules)), _BITS)]


def _value_text(name: str, types: pl.Schema, schema: RowSchema) -> pl.Expr:
    """A column's value before it was cast, short; never a personal one."""
    original = ORIGINAL + name if ORIGINAL + name in types else name
    if name in schema.personal:
        return pl.lit("(personal)")
    if types[original].is_nested() or types[original] in (pl.Binary, pl.Object):
        return pl.lit(f"({types[original]})")
    return pl.col(original).cast(pl.String).str.slice(0, LONGEST).fill_null("null")
