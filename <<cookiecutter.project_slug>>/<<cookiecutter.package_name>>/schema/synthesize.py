"""Synthetic rows that a schema allows, values on its limits among them."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from ..errors import ConfigError
from .constraints import compile_rules
from .failures import violates_any, violation_masks
from .row import Column, RowSchema

ROUNDS = 50  # tries; what a rule refuses is drawn again
EDGES = 0.2  # share of values that lie on a limit
NULLS = 0.1  # share of nulls, where they are allowed
TEXTS = ("<b>&\"'</b>", "a,b;c\td", "naïve 東京 🛫", "=1+1", " ", "NULL", "0", "line\nbreak")
DAYS = (date(1970, 1, 1), date(2000, 2, 29), date(2024, 12, 31), date(2013, 3, 31))
Draw = Callable[[random.Random], Any]


def synthesize(schema: RowSchema, rows: int, seed: int) -> pl.DataFrame:
    """Rows that keep all rules of the schema; the same seed gives the same rows.

    Raises:
        ConfigError: the rules leave too little, such as a unique column of few values.
    """
    rng = random.Random(seed)  # noqa: S311
    draws = {c.name: _value(c) for c in schema.columns.values()}
    types = pl.Schema({c.name: c.dtype for c in schema.columns.values()})
    unique = [c.name for c in schema.columns.values() if c.rules.get("x-unique")]
    rules = compile_rules(schema, types, {name: pl.lit(value=False) for name in unique})
    table = pl.DataFrame(schema=types)
    for _ in range(ROUNDS):
        values = {name: [draw(rng) for _ in range(rows)] for name, draw in draws.items()}
        batch = pl.DataFrame(values, schema=types).with_columns(violation_masks(rules))
        valid = batch.filter(~violates_any(rules, rules)).select(types.names())
        table = pl.concat([table, valid])
        for name in unique:
            table = table.filter(pl.col(name).is_null() | pl.col(name).is_first_distinct())
        if table.height >= rows:
            return table.head(rows)
    raise ConfigError(
        f"only {table.height} of {rows} rows could be drawn: the rules leave too little. "
        "Ask for fewer, or widen the schema.",
        "config.synthetic",
    )


def _value(c: Column) -> Draw:
    draw, edges = _values(c)
    nulls = min(NULLS, c.rules.get("x-max-null-share", 1.0) / 2) if c.nullable else 0.0

    def value(rng: random.Random) -> Any:
        if rng.random() < nulls:
            return None
        return rng.choice(edges) if edges and rng.random() < EDGES else draw(rng)

    return value


def _values(c: Column) -> tuple[Draw, list[Any]]:
    """How to draw a value of a column, and its values on a limit."""
    choices = c.rules.get("enum", [c.rules["const"]] if "const" in c.rules else None)
    if choices:
        allowed = [value for value in choices if value is not None]
        return lambda rng: rng.choice(allowed), []
    if c.dtype.is_numeric():
        return _numbers(c)
    if c.dtype == pl.Boolean:
        return lambda rng: rng.random() < 0.5, []
    if c.dtype == pl.Date:
        return lambda rng: date(2000, 1, 1) + timedelta(rng.randrange(10_000)), [*DAYS]
    if c.dtype.is_temporal():
        edges = [datetime(d.year, d.month, d.day, 2, 30) for d in DAYS]
        start = datetime(2000, 1, 1)
        return lambda rng: start + timedelta(seconds=rng.randrange(8 * 10**8)), [*edges]
    return _texts(c)


def _numbers(c: Column) -> tuple[Draw, list[Any]]:
    rules, whole = c.rules, c.dtype.is_integer()
    low = rules.get("minimum", rules.get("exclusiveMinimum"))
    high = rules.get("maximum", rules.get("exclusiveMaximum"))
    low = low if low is not None else (high - 10**6 if high is not None else -(10**6))
    high = high if high is not None else low + 2 * 10**6
    multiple = rules.get("multipleOf")
    if multiple or whole:
        size = multiple or 1
        first, last = -(-low // size), high // size
        value = int if whole else float
        return lambda rng: value(rng.randint(int(first), int(last)) * size), [
            value(first * size),
            value(last * size),
        ]
    return lambda rng: rng.uniform(low, high), [float(low), float(high)]


def _texts(c: Column) -> tuple[Draw, list[Any]]:
    from rstr import Rstr

    shortest, longest = c.rules.get("minLength", 0), c.rules.get("maxLength", 30)
    if pattern := c.rules.get("pattern"):
        return lambda rng: Rstr(rng).xeger(pattern), []
    letters = "abcdefghijklmnopqrstuvwxyzäöü ABC 0123456789"

    def text(rng: random.Random) -> str:
        return "".join(rng.choices(letters, k=rng.randint(shortest, max(shortest, longest))))

    edges = ["x" * shortest, "é" * max(shortest, longest), *TEXTS]
    return text, [edge for edge in edges if shortest <= len(edge) <= max(shortest, longest)]
