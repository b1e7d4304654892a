"""What later data is compared with: a sample of rows, with the model's answers."""

import polars as pl

from ..model.model import Model


def reference(model: Model, rows: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """At most ``size`` rows, drawn without replacement: features, and the answers to watch.

    Raises:
        ModelError: the model cannot answer the rows.
    """
    contract = model.contract
    drawn = rows.sample(min(size, rows.height), seed=seed, shuffle=True)
    answers = model.predict(drawn).select(contract.target.watched_columns)
    return contract.select(drawn).hstack(answers)
