"""A sample of a table, with what is counted over all of its rows: memory does not grow with it."""

from dataclasses import dataclass

import polars as pl

from ..errors import DataError
from ..model.contract import Contract
from ..runtime.parquet import count
from ..validate.anomalies import sample
from ..validate.duplicates import unmatched


@dataclass(frozen=True)
class Sample:
    """Rows that were drawn, and what is known of all rows of their table."""

    rows: pl.DataFrame
    of: int  # rows of the table
    filled: dict[str, int]  # of each column, how many of those have a value; NaN is none

    @classmethod
    def whole(cls, rows: pl.DataFrame) -> "Sample":
        """All rows of a table."""
        return cls(rows, rows.height, _filled(rows.lazy()))

    def null_share(self, column: str) -> float:
        """The share of all rows without a value, 0 to 1."""
        return 1 - self.filled[column] / self.of


def _filled(rows: pl.LazyFrame) -> dict[str, int]:
    counts = rows.select(
        (pl.col(name).is_finite().sum() if dtype.is_float() else pl.col(name).count())
        for name, dtype in rows.collect_schema().items()
    )
    return counts.collect(engine="streaming").row(0, named=True)


def sample_answered(
    rows: pl.LazyFrame, answers: pl.LazyFrame, contract: Contract, size: int, seed: int
) -> Sample:
    """At most ``size`` of the rows, drawn by the seed: features, and the answers to their keys.

    Args:
        rows: valid rows, with the contract's features and key.
        answers: what the model answered to them: its key, and the answers to watch.

    Raises:
        DataError: the tables do not have the same keys, each once.
        ModelError: the rows break the contract.
    """
    key, watched = contract.key, contract.target.watched_columns
    kinds = [table.collect_schema() for table in (rows, answers)]
    answers_fit = all(name in kinds[1] for name in watched)
    same_keys = all(key in kind for kind in kinds) and kinds[0][key] == kinds[1][key]
    odd = unmatched(rows, answers, key) if answers_fit and same_keys else count(rows)
    if odd or not (answers_fit and same_keys):
        raise DataError(
            "the incoming rows that are valid and the predictions should have the same keys, each "
            f"once; {odd} keys do not stand in both, or stand twice: they come from different "
            "batches. Run `make monitor`.",
            "data.key",
        )
    drawn = sample(rows, size, seed)
    theirs = answers.select(key, *watched).join(drawn.lazy().select(key), on=key, how="semi")
    said = theirs.collect(engine="streaming")
    joined = drawn.join(said, on=key, how="left", maintain_order="left")
    features = contract.select(joined)
    filled = _filled(rows.select(features.columns)) | _filled(answers.select(watched))
    return Sample(features.hstack(joined.select(watched)), count(rows), filled)
