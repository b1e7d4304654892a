"""Which columns a model learns from."""

import polars as pl


def features(rows: pl.DataFrame, target: str, key: str, ignore: list[str]) -> pl.DataFrame:
    """All columns but the target, the key and the ignored ones, in the table's order."""
    return rows.drop(target, key, *ignore, strict=False)
