"""A sample of a table, with counts over all of its rows: memory does not grow with the table."""

from dataclasses import dataclass

import polars as pl

from ..errors import DataError
from ..model.contract import Contract
from ..runtime.parquet import count_rows, sample
from ..validate.duplicates import count_unmatched


@dataclass(frozen=True)
class Sample:
    """Rows drawn from a table, and counts over all rows of that."""

    rows: pl.DataFrame
    of: int  # rows of the table
    non_null: dict[str, int]  # of each column, how many of those have a value; NaN is none

    @classmethod
    def whole(cls, rows: pl.DataFrame) -> "Sample":
        """All rows of a table."""
        return cls(rows, rows.height, _non_null(rows.lazy()))

    def null_share(self, column: str) -> float:
        """The share of all rows without a value, 0 to 1."""
        return 1 - self.non_null[column] / self.of


def _non_null(rows: pl.LazyFrame) -> dict[str, int]:
    counts = rows.select(
        (pl.col(name).is_finite().sum() if dtype.is_float() else pl.col(name).count())
        for name, dtype in rows.collect_schema().items()
    )
    return counts.collect(engine="streaming").row(0, named=True)


def sample_with_answers(
    rows: pl.LazyFrame, answers: pl.LazyFrame, contract: Contract, size: int, seed: int
) -> Sample:
    """At most ``size`` rows, drawn by the seed: their features, and the answers to their keys.

    Args:
        rows: valid rows, with the contract's features and key.
        answers: the model's answers to them: its key, and the answers to watch.
        contract: of the model.
        size: rows to draw; all where there are fewer.
        seed: of the draw.

    Raises:
        DataError: the tables do not have the same keys, each once.
        ModelError: the rows break the contract.
    """
    watched = contract.target.watched_columns
    _check_keys(rows, answers, contract.key, watched)
    drawn = sample(rows, size, seed)
    theirs = answers.select(contract.key, *watched).join(
        drawn.lazy().select(contract.key), on=contract.key, how="semi"
    )
    joined = drawn.join(
        theirs.collect(engine="streaming"), on=contract.key, how="left", maintain_order="left"
    )
    features = contract.select(joined)
    non_null = _non_null(rows.select(features.columns)) | _non_null(answers.select(watched))
    return Sample(features.hstack(joined.select(watched)), count_rows(rows), non_null)


def _check_keys(rows: pl.LazyFrame, answers: pl.LazyFrame, key: str, watched: list[str]) -> None:
    """Refuse answers to other rows, or of another model."""
    left, right = rows.collect_schema(), answers.collect_schema()
    comparable = left.get(key) is not None and left.get(key) == right.get(key)
    if comparable and all(name in right for name in watched):
        unmatched = count_unmatched(rows, answers, key)
        if not unmatched:
            return
    else:
        unmatched = count_rows(rows)
    raise DataError(
        "the incoming rows that are valid and the predictions should have the same keys, each "
        f"once; {unmatched} keys do not stand in both, or stand twice: they come from different "
        "batches. Run `make monitor`.",
        "data.key",
    )
