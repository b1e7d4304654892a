"""What arrived and came true joins the sources: `python -m PACKAGE.commands.adopt`.

Each file of data/incoming whose predictions have labels becomes a file of data.sources, and moves
to data/adopted; so do files of data/labels whose rows have all moved or joined. What the sources
hold is the record of that, so a killed run is made good by the next, and rows that came twice join
once.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from ..config import Config, load, read
from ..errors import DataError
from ..ingest.adoption import NO_PLACE, Labelled, Place, add_file, known_keys, place_for, places
from ..ingest.collect import read_policy
from ..ingest.incoming import incoming_files
from ..ingest.labels import LabelFile, read_labels
from ..ingest.parts import ReadPolicy
from ..ingest.tables import SourceFile
from ..model.contract_file import read_contract
from ..model.model import learned_keys
from ..monitor.labels import match
from ..paths import (
    ADOPTED,
    ADOPTED_REPORT,
    CONTRACT,
    INCOMING,
    INCOMING_QUARANTINE,
    INCOMING_REPORT,
    INCOMING_VALID,
    LABELS,
    MODEL,
    PARAMS,
    PREDICTIONS,
)
from ..runtime import logs
from ..runtime.artifacts import scratch, sha256_of, write_json
from ..runtime.dvc.run import run_id
from ..runtime.dvc.workspace import move
from ..runtime.stage import exit_on_error
from ..schema.row import RowSchema, read_schema
from ..split.target import PREDICTION_ID

BY_A_JOB = (
    "data.incoming names where rows come from, so nothing is taken from there: rows and labels "
    "join data.sources by a job of your own"
)
log = structlog.get_logger()


@dataclass(frozen=True)
class Adoption:
    """What all incoming files have in common."""

    policy: ReadPolicy
    schema: RowSchema
    places: list[Place]
    label_files: dict[Path, pl.Series]  # in data/labels: the keys of the rows that each names
    labels: pl.DataFrame  # the key, and the target
    known: pl.Series  # keys that the sources have already
    least: float  # share of a file's rows that need a label, or are known
    scratch: Path


def adopt(config: Config) -> dict[str, Any]:
    """Let the labelled files of data/incoming join the sources; what became of each.

    Raises:
        DataError: what arrived was not predicted, or has changed since; or cannot be written.
        ConfigError, TransientError: a file cannot be read.
    """
    data = config.data
    report: dict[str, Any] = {"adopted": [], "stay": [], "labels": [], "reason": None}
    if data.incoming:
        return report | {"reason": BY_A_JOB}
    with scratch(ADOPTED_REPORT) as place:
        policy = read_policy(data)
        files = incoming_files(data, policy, place / "incoming")
        if not files:
            return report | {"reason": f"no file is in {INCOMING}"}
        known_places = places(data, policy, place / "places")
        if not known_places:
            return report | {"reason": NO_PLACE}
        parts = _parts()
        adoption = _prepare(config, policy, known_places, place)
        for file in files:
            outcome = _adopt(file, parts.get(file.label), adoption)
            report["stay" if "reason" in outcome else "adopted"].append(outcome)
        moved = [parts[outcome["file"]] for outcome in report["adopted"]]
        report["labels"] = _move_labels(adoption, moved)
    return report


def _parts() -> dict[str, str]:
    """The name of the part of each incoming file that was predicted."""
    try:
        arrived = json.loads(INCOMING_REPORT.read_bytes())["files"]
    except FileNotFoundError as error:
        raise DataError(
            f"what is in {INCOMING} was not predicted yet. Run `make monitor`.",
            "data.not_predicted",
        ) from error
    return {file["file"]: file["part"] for file in arrived}


def _prepare(config: Config, policy: ReadPolicy, known: list[Place], place: Path) -> Adoption:
    data, contract, schema = config.data, read_contract(CONTRACT), read_schema(config.data.schema)
    by = (PREDICTION_ID, contract.key)
    files = read_labels(data, contract.target.column, by, place / "labels")
    answers = pl.scan_parquet(PREDICTIONS)
    labels = match(files, schema, contract, answers, learned_keys(MODEL)).used
    predicted = answers.select(contract.key).collect().to_series()
    named = {} if data.labels else {Path(f.label): _named(f, answers, predicted) for f in files}
    asked = pl.concat([predicted, *named.values()]).drop_nulls()
    keys = known_keys(data, policy, schema, asked, place / "sources")
    return Adoption(policy, schema, known, named, labels, keys, data.min_labelled, place)


def _named(file: LabelFile, answers: pl.LazyFrame, predicted: pl.Series) -> pl.Series:
    """The key of the row that each label of a file is about; null where there is none."""
    key, names = predicted.name, file.rows.select(file.by)
    if file.by == key:
        return names.select(pl.col(key).cast(predicted.dtype, strict=False)).to_series()
    known = answers.select(PREDICTION_ID, key)
    by_id = names.lazy().cast(pl.String).join(known, on=PREDICTION_ID, how="left")
    return by_id.collect().get_column(key)


def _adopt(file: SourceFile, part: str | None, adoption: Adoption) -> dict[str, Any]:
    """Let one file join, if enough of it is labelled; a ``reason`` says why it stays."""
    if part is None:
        return {"file": file.label, "reason": "it was not predicted yet. Run `make monitor`."}
    valid, key = pl.read_parquet(INCOMING_VALID / part), adoption.labels.columns[0]
    new = valid.filter(~pl.col(key).is_in(adoption.known.implode()))
    labels = adoption.labels.join(new, on=key, how="semi")
    counted = valid.height - new.height + labels.height
    if not valid.height or counted < adoption.least * valid.height:
        return {"file": file.label, "reason": _too_few(counted, valid.height, adoption.least)}
    moved = ADOPTED / Path(file.label).relative_to(INCOMING)
    if moved.exists() and sha256_of(moved) != sha256_of(file.file):
        reason = f"{moved} is there and is another file. Rename what arrived, then `make monitor`."
        return {"file": file.label, "reason": reason}
    path = None
    if labels.height:
        labelled = Labelled(file, valid, labels)
        place = place_for(file, adoption.places)
        path = add_file(labelled, place, adoption.policy, adoption.schema, adoption.scratch)
    move(file.file, moved)
    known = {"rows": labels.height, "known": valid.height - new.height}
    return {"file": file.label, "to": path and path.as_posix(), "moved": str(moved)} | known


def _move_labels(adoption: Adoption, moved: list[str]) -> list[dict[str, Any]]:
    """Move each label file whose rows are all in the sources, or in an incoming file that moved.

    Args:
        adoption: with the label files.
        moved: the parts of the incoming files that moved.
    """
    keys = [adoption.known]
    for folder in (INCOMING_VALID, INCOMING_QUARANTINE):
        parts = [pl.read_parquet(folder / part, columns=[adoption.known.name]) for part in moved]
        keys += [part.to_series().cast(adoption.known.dtype, strict=False) for part in parts]
    gone, outcomes = pl.concat(keys).drop_nulls().implode(), []
    for file, named in adoption.label_files.items():
        to = ADOPTED / LABELS.name / file.relative_to(LABELS)
        done = named.len() > 0 and named.is_in(gone).fill_null(value=False).all()
        if done and not (to.exists() and sha256_of(to) != sha256_of(file)):
            move(file, to)
            outcomes.append({"file": str(file), "moved": str(to)})
    return outcomes


def _too_few(labelled: int, rows: int, least: float) -> str:
    if not rows:
        return "no row of it is valid."
    share = f"{labelled:,} of {rows:,} rows have labels ({labelled / rows:.1%})"
    return f"{share}; data.min_labelled asks for {least:.0%}."


def main() -> None:
    """Adopt, and say what became of each file."""
    logs.configure(run_id=run_id(), stage="adopt")
    with exit_on_error():
        report = adopt(load(read(str(PARAMS))))
        write_json(ADOPTED_REPORT, report)
        for one in report["adopted"]:
            log.info("adopted", **one)
        for one in report["labels"]:
            log.info("labels are done", **one)
        for one in report["stay"]:
            log.warning("stays", **one)
        if report["reason"]:
            log.warning("nothing joins the sources", reason=report["reason"])


if __name__ == "__main__":
    main()
