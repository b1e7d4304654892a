"""What validation found, as one HTML page for people."""

from pathlib import Path
from typing import Any

import polars as pl

from .validation import Quality

TEMPLATE = Path(__file__).with_name("report.html.j2")


def render(name: str, quality: Quality, valid: pl.LazyFrame, examples: pl.DataFrame) -> str:
    """The page; every value is escaped.

    Args:
        valid: the rows that passed; each column's distribution is shown.
        examples: a few rows in quarantine, shown as they came.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        name=name, quality=quality, columns=_columns(valid, quality), examples=examples
    )


def _columns(valid: pl.LazyFrame, quality: Quality) -> list[dict[str, Any]]:
    types = valid.collect_schema()
    column = pl.all()
    low, high, distinct = pl.collect_all(
        [
            valid.select(column.min()),
            valid.select(column.max()),
            valid.select(column.approx_n_unique()),
        ]
    )
    return [
        {
            "name": name,
            "type": str(types[name]).split("(")[0],
            "nulls": quality.nulls.get(name, 0.0),
            "low": low[name][0],
            "high": high[name][0],
            "distinct": min(distinct[name][0], quality.valid),
        }
        for name in types
    ]
