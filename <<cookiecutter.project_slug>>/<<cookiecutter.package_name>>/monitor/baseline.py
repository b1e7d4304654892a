"""What later data is compared with: a sample of rows, with the model's answers."""

import polars as pl

from ..errors import DataError
from ..model.contract import Contract
from ..model.model import Model
from ..split.target import PREDICTION


def reference(model: Model, rows: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """At most ``size`` rows, drawn without replacement: features, and the answers to watch.

    Raises:
        DataError: a feature or the key has the name of an answer.
        ModelError: the model cannot answer the rows.
    """
    contract = model.contract
    _check_names(contract)
    drawn = rows.sample(min(size, rows.height), seed=seed, shuffle=True)
    answers = model.predict(drawn).select(contract.target.watched_columns)
    return contract.select(drawn).hstack(answers)


def _check_names(contract: Contract) -> None:
    reserved = {PREDICTION, *contract.target.output_columns}
    taken = [name for name in (*contract.features, contract.key) if name in reserved]
    if taken:
        raise DataError(
            f"the column {', '.join(map(repr, taken))} has the name of an answer of the model; "
            f"these are {', '.join(sorted(reserved))}. Rename it in the source.",
            "data.reserved_name",
        )
