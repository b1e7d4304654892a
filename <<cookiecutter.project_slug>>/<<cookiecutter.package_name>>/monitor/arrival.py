"""What arrived, with the model's answers: all of it as counts, and some rows for people to see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..errors import DataError
from ..model.contract import Contract
from ..runtime.parquet import read_batches, sample
from .baseline import Baseline
from .batches import ROWS, TIME, Batch, count_batches, pieces
from .drift import MIN_ROWS


@dataclass(frozen=True)
class Arrival:
    """All batches that arrived, in order, and those of the newest file."""

    batches: list[Batch]
    newest: list[Batch]
    sample: pl.DataFrame  # rows of the newest: features, and all answers; none if they are too few


def read_arrival(
    valid: Path,
    answers: Path,
    contract: Contract,
    baseline: Baseline,
    *,
    files: Sequence[str],
    size: int,
    seed: int,
) -> Arrival:
    """What arrived; memory holds some rows at a time.

    Args:
        valid: a folder with a part an incoming file: valid rows, with the contract's features.
        answers: the model's answers to them, in the same parts and the same order.
        contract: of the model.
        baseline: whose bins count them.
        files: the parts, in the order in which their files came.
        size: rows of the sample.
        seed: of the sample.

    Raises:
        DataError: the two do not hold the same keys in the same order.
        ModelError: the rows break the contract.
    """
    watched = contract.target.watched_columns
    if missing := [name for name in watched if name not in baseline.answers]:
        raise DataError(
            f"the baseline lacks {', '.join(missing)}; it is of another model. Run `make repro`.",
            "data.missing_column",
        )
    batches = count_batches(_pieces(valid, answers, contract, baseline), baseline.bins)
    recent = newest(batches, files)
    parts = sorted({file for batch in recent if batch.rows >= MIN_ROWS for file in batch.files})
    drawn = pl.DataFrame()
    if parts:  # the same rows of both, by their numbers
        scans = (pl.scan_parquet([side / one for one in parts]) for side in (valid, answers))
        features, said = (sample(scan, size, seed) for scan in scans)
        drawn = contract.select(features).hstack(said.drop(contract.key))
    return Arrival(batches, recent, drawn)


def newest(batches: Sequence[Batch], files: Sequence[str]) -> list[Batch]:
    """The batches that have rows of the file that came last: of the latest batch, else by order."""
    ends = {file: [batch.name for batch in batches if file in batch.files] for file in files}
    last = max(files, key=lambda file: (max(ends[file], default=""), files.index(file)), default="")
    return [batch for batch in batches if last in batch.files]


def _pieces(
    valid: Path, answers: Path, contract: Contract, baseline: Baseline
) -> Iterator[tuple[str, str, pl.DataFrame]]:
    for file in _parts(valid, answers):
        for rows in _answered(valid / file, answers / file, contract, baseline):
            if baseline.batch == ROWS or TIME not in rows.columns:
                yield file.removesuffix(".parquet"), file, rows
                continue
            for name, piece in pieces([rows], baseline.batch, rows.height):
                yield name, file, piece


def _parts(valid: Path, answers: Path) -> list[str]:
    """The names of the parts, in order."""
    left, right = (
        sorted(path.name for path in side.glob("*.parquet")) for side in (valid, answers)
    )
    if left != right:
        raise _other_rows()
    return left


def _answered(
    valid: Path, answers: Path, contract: Contract, baseline: Baseline
) -> Iterator[pl.DataFrame]:
    """Features, the answers to watch, and TIME, if the rows have dates there."""
    names, time = pl.scan_parquet(valid, glob=False).collect_schema(), baseline.time
    dated = time is not None and names.get(time) in (pl.Date, pl.Datetime)
    wanted = dict.fromkeys([*contract.features, contract.key, *([time] if dated and time else [])])
    watched = [contract.key, *contract.target.watched_columns]
    both = (
        read_batches(valid, columns=[name for name in wanted if name in names]),
        read_batches(answers, columns=watched),
    )
    for rows, said in zip(*both, strict=True):
        if not contract.keys(rows).equals(said[contract.key]):
            raise _other_rows()
        features = baseline.sentences.add(contract.select(rows))
        joined = features.hstack(said.select(watched[1:]))
        yield joined.with_columns(rows[time].alias(TIME)) if dated and time else joined


def _other_rows() -> DataError:
    return DataError(
        "the incoming rows that are valid and the predictions should have the same keys in the "
        "same order; they come from different batches. Run `make monitor`.",
        "data.key",
    )
