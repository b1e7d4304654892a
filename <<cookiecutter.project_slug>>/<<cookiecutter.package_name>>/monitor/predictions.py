"""The answers to what arrived, one part a file; a killed run keeps the parts that it finished."""

import functools
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from ..ingest.incoming import Batch, IncomingFile
from ..runtime.artifacts import atomic_write, link
from ..runtime.parquet import appending, batches, count
from ..runtime.resumable import digest, keep_only, resume
from ..schema.row import RowSchema
from ..validate.batches import Judge, total
from ..validate.duplicates import check_key
from ..validate.quarantine import Quality, odd_columns, repeated

VALID, QUARANTINE, ANSWERS = "valid.parquet", "quarantine.parquet", "predictions.parquet"
Predict = Callable[[pl.DataFrame], pl.DataFrame]  # valid rows, also none: key and answers


@dataclass(frozen=True)
class Part:
    """What became of an incoming file: a folder with VALID, QUARANTINE and ANSWERS."""

    file: IncomingFile
    folder: Path
    quality: Quality
    resumed: bool  # taken over from a run before

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
    key: str,
    folder: Path,
    scratch: Path,
) -> list[Part]:
    """Judge the rows of each file and answer the valid ones, a batch of rows at a time.

    A part of the run before is taken over if its rows, those among them that repeat a value of a
    row above, the schema's columns and the basis are the same. Memory holds one batch of rows, and
    a bit for each row and unique column.

    Args:
        schema: what a row must be.
        basis: digests of all else that answers follow from: model, schema, configuration, code.
        key: the column that names a row.
        folder: the parts; those of files that went away go away.
        scratch: a folder for a file that goes away.

    Raises:
        ConfigError, DataError: the rows cannot be judged, or a key does not name one row.
        ModelError: the model cannot answer a row.
    """
    repeats, first = repeated(batch.rows(*batch.files), schema), 0
    parts = []
    for file in batch.files:
        size = count(batch.rows(file))
        mine = {name: flags.slice(first, size) for name, flags in repeats.items()}
        first += size
        signature = digest(batch.signature(file), list(basis), _digests(mine))
        judge = Judge(schema, batch.schema, mine)
        rows = functools.partial(batch.written, file, scratch / "rows.parquet")
        write = functools.partial(_write, rows, judge, predict)
        record, resumed = resume(folder / file.name, signature, write)
        parts.append(Part(file, folder / file.name, Quality(**record.facts), resumed))
    keep_only(folder, [file.name for file in batch.files])
    check_key(pl.scan_parquet([part.folder / VALID for part in parts], glob=False), key)
    return parts


def _write(rows: Callable[[], Path], judge: Judge, predict: Predict, to: Path) -> dict[str, Any]:
    with (
        appending(to / VALID) as add_valid,
        appending(to / QUARANTINE) as add_quarantined,
        appending(to / ANSWERS) as add_answers,
    ):
        for some in batches(rows()):
            valid, quarantined = judge.deal(some)
            add_valid(valid)
            add_quarantined(quarantined)
            add_answers(predict(valid))
    return asdict(judge.quality)


def _digests(flags: dict[str, pl.Series]) -> dict[str, str]:
    rows = {name: values.arg_true().to_numpy() for name, values in flags.items()}
    return {name: sha256(numbers.tobytes()).hexdigest() for name, numbers in rows.items()}


def describe(
    parts: Sequence[Part], batch: Batch, schema: RowSchema, changed: str
) -> dict[str, Any]:
    """What alerts look at, as JSON holds it.

    Args:
        changed: the level of a column that is new, gone or of another type.

    Returns:
        the fields of Quality, of all rows; ``files``, with their parts and rows; ``sha256``, which
        tells this batch from another.
    """
    qualities = [part.quality for part in parts]
    rows = batch.rows(*batch.files)
    odd = odd_columns(schema, rows, sum(q.rows for q in qualities), changed)
    files = [
        {"file": part.file.label, "part": part.name, "rows": q.rows, "valid": q.valid}
        for part, q in zip(parts, qualities, strict=True)
        if part.file.label is not None
    ]
    return asdict(total(qualities, odd)) | {"files": files, "sha256": batch.sha256}


def dated(report: dict[str, Any], last: Path, run_id: str) -> dict[str, Any]:
    """The report with a run; an equal last one keeps its own, so that people are told once."""
    try:
        before = json.loads(last.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = None
    same = isinstance(before, dict) and before == report | {"run_id": before.get("run_id")}
    return before if same else report | {"run_id": run_id}


def publish(parts: Sequence[Part], outputs: dict[str, Path]) -> None:
    """Let folders hold these parts and no others, each whole or as it was.

    Args:
        outputs: VALID, QUARANTINE or ANSWERS, and the folder for it.
    """
    with ExitStack() as stack:
        for name, to in outputs.items():
            partial = stack.enter_context(atomic_write(to))
            partial.mkdir()
            for part in parts:
                link(part.folder / name, partial / part.name)
