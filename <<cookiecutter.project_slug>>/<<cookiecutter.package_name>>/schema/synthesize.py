"""Rows that nobody ever had: valid by a schema, and with its edges among them."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from ..errors import ConfigError
from .constraints import compiled
from .failures import breaks, words
from .row import Column, RowSchema

ROUNDS = 50  # tries; what a rule refuses is made anew
EDGES = 0.2  # share of values that lie on a limit
NULLS = 0.1  # share of nulls, where they are allowed
TEXTS = ("<b>&\"'</b>", "a,b;c\td", "naïve 東京 🛫", "=1+1", " ", "NULL", "0", "line\nbreak")
DAYS = (date(1970, 1, 1), date(2000, 2, 29), date(2024, 12, 31), date(2013, 3, 31))
Make = Callable[[random.Random], Any]


def synthesize(schema: RowSchema, rows: int, seed: int) -> pl.DataFrame:
    """Rows that keep all rules of the schema; the same seed gives the same rows.

    Raises:
        ConfigError: the rules leave too little, such as a unique column of few values.
    """
    chance = random.Random(seed)  # noqa: S311
    makers = {c.name: _maker(c) for c in schema.columns.values()}
    types = pl.Schema({c.name: c.dtype for c in schema.columns.values()})
    unique = [c.name for c in schema.columns.values() if c.rules.get("x-unique")]
    rules = compiled(schema, types, {name: pl.lit(value=False) for name in unique})
    made = pl.DataFrame(schema=types)
    for _ in range(ROUNDS):
        drawn = {n: [make(chance) for _ in range(rows)] for n, make in makers.items()}
        batch = pl.DataFrame(drawn, schema=types).with_columns(words(rules))
        made = pl.concat([made, batch.filter(~breaks(rules, rules)).select(types.names())])
        for name in unique:
            made = made.filter(pl.col(name).is_null() | pl.col(name).is_first_distinct())
        if made.height >= rows:
            return made.head(rows)
    raise ConfigError(
        f"only {made.height} of {rows} rows could be made: the rules leave too little. "
        "Ask for fewer, or widen the schema.",
        "config.synthetic",
    )


def _maker(c: Column) -> Make:
    make, edges = _values(c)
    nulls = min(NULLS, c.rules.get("x-max-null-share", 1.0) / 2) if c.nullable else 0.0

    def one(chance: random.Random) -> Any:
        if chance.random() < nulls:
            return None
        return chance.choice(edges) if edges and chance.random() < EDGES else make(chance)

    return one


def _values(c: Column) -> tuple[Make, list[Any]]:
    """How to make a value of a column, and its values on the edge."""
    choices = c.rules.get("enum", [c.rules["const"]] if "const" in c.rules else None)
    if choices:
        given = [value for value in choices if value is not None]
        return lambda chance: chance.choice(given), []
    if c.dtype.is_numeric():
        return _numbers(c)
    if c.dtype == pl.Boolean:
        return lambda chance: chance.random() < 0.5, []
    if c.dtype == pl.Date:
        return lambda chance: date(2000, 1, 1) + timedelta(chance.randrange(10_000)), [*DAYS]
    if c.dtype.is_temporal():
        edges = [datetime(d.year, d.month, d.day, 2, 30) for d in DAYS]
        return lambda r: datetime(2000, 1, 1) + timedelta(seconds=r.randrange(8 * 10**8)), [*edges]
    return _texts(c)


def _numbers(c: Column) -> tuple[Make, list[Any]]:
    rules, whole = c.rules, c.dtype.is_integer()
    low = rules.get("minimum", rules.get("exclusiveMinimum"))
    high = rules.get("maximum", rules.get("exclusiveMaximum"))
    low = low if low is not None else (high - 10**6 if high is not None else -(10**6))
    high = high if high is not None else low + 2 * 10**6
    step = rules.get("multipleOf")
    if step or whole:
        size = step or 1
        first, last = -(-low // size), high // size
        value = int if whole else float
        return lambda r: value(r.randint(int(first), int(last)) * size), [
            value(first * size),
            value(last * size),
        ]
    return lambda r: r.uniform(low, high), [float(low), float(high)]


def _texts(c: Column) -> tuple[Make, list[Any]]:
    from rstr import Rstr

    shortest, longest = c.rules.get("minLength", 0), c.rules.get("maxLength", 30)
    if pattern := c.rules.get("pattern"):
        return lambda chance: Rstr(chance).xeger(pattern), []
    letters = "abcdefghijklmnopqrstuvwxyzäöü ABC 0123456789"

    def text(chance: random.Random) -> str:
        return "".join(chance.choices(letters, k=chance.randint(shortest, max(shortest, longest))))

    edges = ["x" * shortest, "é" * max(shortest, longest), *TEXTS]
    return text, [edge for edge in edges if shortest <= len(edge) <= max(shortest, longest)]
