"""Predictions for incoming rows, one part a file; a killed run keeps the parts that it finished."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from ..ingest.incoming import Batch, IncomingFile
from ..runtime.artifacts import atomic_write, link
from ..runtime.parquet import appender, count_rows
from ..runtime.progress import Step, progress
from ..runtime.resumable import digest, keep_only, resume
from ..runtime.threads import map_in_threads
from ..schema.row import RowSchema
from ..split.target import PREDICTION_ID, PREDICTION_MODEL
from ..validate.batches import BatchValidator, combine
from ..validate.duplicates import check_key
from ..validate.quarantine import Quality, column_problems, duplicate_flags

NAME = 12  # hexadecimal digits of a digest that name a model, or a file's answers
VALID, QUARANTINE, ANSWERS = "valid.parquet", "quarantine.parquet", "predictions.parquet"
Predict = Callable[[pl.DataFrame], pl.DataFrame]  # from valid rows, maybe none: key and answers


@dataclass(frozen=True)
class Part:
    """The result for one incoming file: a folder with VALID, QUARANTINE and ANSWERS."""

    file: IncomingFile
    folder: Path
    quality: Quality
    reused: bool  # written by an earlier run

    @property
    def name(self) -> str:
        """Of its file in each output."""
        return f"{self.file.name}.parquet"


def predict_batch(
    batch: Batch,
    schema: RowSchema,
    predict: Predict,
    *,
    basis: Sequence[str],
    model: str,
    key: str,
    folder: Path,
    threads: int,
) -> list[Part]:
    """Validate the rows of each file and predict the valid ones, some rows at a time.

    A part of the last run is reused if its rows, the duplicates among them, the columns and the
    basis are unchanged. Memory holds ROW_GROUP rows a thread and one more, and a bit for each row.

    Args:
        batch, schema: the incoming files, and what a row must be.
        predict, model: the model, and its digest.
        basis: digests of all else that predictions depend on, such as schema and code.
        folder: the parts; those of files that are gone are removed.
        threads: that predict at once.

    Raises:
        ConfigError, DataError, ModelError: rows cannot be validated, identified or predicted.
    """
    files, parts = list(_files(batch, schema)), []
    with progress("predict", sum(rows for _, rows, _ in files), "rows") as step:
        for file, rows, flags in files:
            validator = BatchValidator(schema, batch.schema, flags)
            ask = partial(_answers, predict, key=key, part=file.name, model=model, threads=threads)
            write = partial(_write, batch.batches(file), validator, ask, step)
            signature = digest(batch.signature(file), list(basis), model, _digests(flags))
            record, reused = resume(folder / file.name, signature, write)
            step(rows if reused else 0)
            parts.append(Part(file, folder / file.name, Quality(**record.facts), reused))
    keep_only(folder, [file.name for file in batch.files])
    check_key(pl.scan_parquet([part.folder / VALID for part in parts], glob=False), key)
    return parts


def _files(
    batch: Batch, schema: RowSchema
) -> Iterator[tuple[IncomingFile, int, dict[str, pl.Series]]]:
    """Each file, the number of its rows, and which of them are duplicates in the batch."""
    duplicates, first = duplicate_flags(batch.rows(*batch.files), schema), 0
    for file in batch.files:
        rows = count_rows(batch.rows(file))
        yield file, rows, {name: flags.slice(first, rows) for name, flags in duplicates.items()}
        first += rows


def _answers(
    predict: Predict,
    batches: Iterable[pl.DataFrame],
    *,
    key: str,
    part: str,
    model: str,
    threads: int,
) -> Iterator[pl.DataFrame]:
    """The answers, with their model, and an id of each: of its file, the model, and its key."""
    begin = f"{digest(part, model)[:NAME]}-"

    def answer(rows: pl.DataFrame) -> pl.DataFrame:
        return predict(rows).with_columns(
            pl.concat_str(pl.lit(begin), pl.col(key).cast(pl.String)).alias(PREDICTION_ID),
            pl.lit(model[:NAME]).alias(PREDICTION_MODEL),
        )

    return map_in_threads(answer, batches, threads)


def _write(
    batches: Iterable[pl.DataFrame],
    validator: BatchValidator,
    answer: Callable[[Iterable[pl.DataFrame]], Iterator[pl.DataFrame]],
    step: Step,
    folder: Path,
) -> dict[str, Any]:
    with (
        appender(folder / VALID) as append_valid,
        appender(folder / QUARANTINE) as append_quarantined,
        appender(folder / ANSWERS, distinct=[PREDICTION_ID]) as append_answers,
    ):

        def valid_rows() -> Iterator[pl.DataFrame]:
            for rows in batches:
                valid, quarantined = validator.split(rows)
                append_valid(valid)
                append_quarantined(quarantined)
                step(rows.height)
                yield valid

        for answers in answer(valid_rows()):
            append_answers(answers)
    return asdict(validator.quality)


def _digests(flags: dict[str, pl.Series]) -> dict[str, str]:
    rows = {name: values.arg_true().to_numpy() for name, values in flags.items()}
    return {name: sha256(numbers.tobytes()).hexdigest() for name, numbers in rows.items()}


def describe(
    parts: Sequence[Part], batch: Batch, schema: RowSchema, changed: str
) -> dict[str, Any]:
    """The report that alerts read, as JSON can hold it.

    Args:
        parts: of all files.
        batch: the files.
        schema: of the row.
        changed: the level of a column that is new, gone or of another type.

    Returns:
        the fields of Quality for all rows; ``files``, with their parts and rows; ``sha256``, which
        changes with the batch.
    """
    qualities = [part.quality for part in parts]
    rows = batch.rows(*batch.files)
    problems = column_problems(schema, rows, sum(q.rows for q in qualities), changed)
    files = [
        {"file": part.file.label, "part": part.name, "rows": q.rows, "valid": q.valid}
        for part, q in zip(parts, qualities, strict=True)
        if part.file.label is not None
    ]
    return asdict(combine(qualities, problems)) | {"files": files, "sha256": batch.sha256}


def publish(parts: Sequence[Part], outputs: dict[str, Path]) -> None:
    """Replace each output folder, at once, by one that holds these parts and no others.

    Args:
        parts: of all files.
        outputs: VALID, QUARANTINE or ANSWERS, and the folder for it.
    """
    with ExitStack() as stack:
        for name, to in outputs.items():
            folder = stack.enter_context(atomic_write(to))
            folder.mkdir()
            for part in parts:
                link(part.folder / name, folder / part.name)
