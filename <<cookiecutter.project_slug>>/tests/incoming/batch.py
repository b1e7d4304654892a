"""200 rows as their source writes them, a batch of them that arrives, and the stages around it."""

import json
import random
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.paths import PREDICT_PARTS
from <<cookiecutter.package_name>>.split.target import (
    PREDICTION_ID,
    PREDICTION_MODEL,
)
from <<cookiecutter.package_name>>.stages import predict

from ..fixture import CONF

SCHEMA = {
    "additionalProperties": False,
    "required": ["id", "when", "place", "amount", "member", "mail", "name", "bought"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "x-unique": True},
        "when": {"type": "string", "format": "date-time", "x-format": "%m/%d/%Y %H:%M"},
        "place": {"type": "string", "enum": ["north", "south"]},
        "amount": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
        "member": {"type": "boolean"},
        "mail": {"type": "string", "x-personal": "hash"},
        "name": {"type": "string", "x-personal": "drop"},
        "seats": {"type": ["integer", "null"]},
        "bought": {"type": "integer", "enum": [0, 1]},
    },
    "x-rules": {
        "members pay": "NOT member OR amount > 0",
        "mail is written": "mail <> ''",
        "buyers pay": "bought = 0 OR amount >= 0",
    },
}
PLANES = "place;seats\nnorth;20\nsouth;30\n"
OUTPUTS = ("predictions", "incoming_valid", "incoming_quarantine")
REPORT = Path("reports/incoming.json")
STORES = (PREDICT_PARTS / "read", PREDICT_PARTS / "answered")
KEY = "a key of at least sixteen bytes"
CANARY = "-".join(("canary", "3f9a"))


def rows() -> list[dict[str, Any]]:
    """200 rows as the source writes them: all text, dates as in the US."""
    chance = random.Random(1)
    written = []
    for number in range(1, 201):
        amount, member = chance.uniform(0.5, 99), chance.random() < 0.5
        written.append(
            {
                "id": str(number),
                "when": f"{datetime(2024, 1, 1) + timedelta(hours=7 * number):%m/%d/%Y %H:%M}",
                "place": chance.choice(["north", "south"]),
                "amount": f"{amount:.3f}" if number % 9 else None,
                "member": str(member).lower(),
                "mail": f"{CANARY}{number}@example.org",
                "name": f"{CANARY} {number}",
                "bought": str(int(chance.random() < (0.8 if (amount > 50) == member else 0.2))),
            }
        )
    return written


ROWS = rows()
BATCH = [{name: row[name] for name in row if name != "bought"} for row in ROWS[:40]]


def text(rows: list[dict[str, Any]]) -> str:
    """As CSV with semicolons."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    return str(frame.write_csv(separator=";"))


def typed() -> pl.DataFrame:
    """The batch in types of its own."""
    return pl.DataFrame(BATCH).with_columns(
        pl.col("id").cast(pl.Int32),
        pl.col("amount").cast(pl.Float64),
        pl.col("when").str.to_datetime("%m/%d/%Y %H:%M").dt.replace_time_zone("UTC"),
        pl.col("member") == "true",
        pl.col("place").cast(pl.Categorical),
    )


@cache
def _composed() -> DictConfig:
    own = ["data=csv", "data.schema=schema.json", "data.target=bought", "data.key=id"]
    own += ["data.ignore=[mail]", "data.hash_key_env=HASH_KEY", "data.retry_s=0"]
    with initialize_config_dir(str(CONF)):
        composed = compose("config", [*own, "model=logistic", "split.test=0.3"])
    options = {"separator": ";", "null_values": [""]}
    planes = {"by": ["place"], "cardinality": "n:1"}
    sources = [
        {"kind": "csv", "path": "data/raw/rows.csv", "options": options},
        {"kind": "csv", "path": "data/raw/planes.csv", "options": options, "join": planes},
    ]
    OmegaConf.update(composed, "data.sources", sources)
    return composed


def configured(**data: Any) -> Config:
    """The tests' configuration with other values in its group ``data``."""
    composed = _composed().copy()
    for name, value in data.items():
        OmegaConf.update(composed, f"data.{name}", value)
    return load(composed)


def job(stage: Any, config: Config) -> None:
    stage.main.__wrapped__(config)


def arrive(content: str | bytes, name: str = "new.csv") -> None:
    file = Path("data/incoming", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def answer(**data: Any) -> dict[str, Any]:
    """Run the stage; return its report."""
    job(predict, configured(**data))
    return dict(json.loads(Path("reports/incoming.json").read_text()))


def answers() -> pl.DataFrame:
    """What the model said, without the names of its answers."""
    return pl.read_parquet("data/predictions.parquet").drop(PREDICTION_ID, PREDICTION_MODEL)


def changed(number: int, **values: Any) -> list[dict[str, Any]]:
    """The batch with other values in one row."""
    return [*BATCH[:number], BATCH[number] | values, *BATCH[number + 1 :]]


def objects(rows: list[dict[str, Any]] = BATCH) -> list[dict[str, Any]]:
    """As JSON has them: numbers and truth values are no text."""
    return [
        row
        | {"id": int(row["id"]), "member": row["member"] == "true"}
        | {"amount": row["amount"] and float(row["amount"])}
        for row in rows
    ]


LINES = "\n".join(map(json.dumps, objects()))


def published() -> dict[str, bytes]:
    """All that the stage writes for others."""
    folders = [Path("data", f"{name}.parquet") for name in OUTPUTS]
    files = [*(file for folder in folders for file in folder.iterdir()), REPORT]
    return {file.as_posix(): file.read_bytes() for file in sorted(files)}


def nothing() -> None:
    """Leave data/incoming as it is."""


def database() -> None:
    """The batch as table ``t`` of new.db."""
    with closing(sqlite3.connect("new.db")) as db, db:
        names = ", ".join(f'"{name}"' for name in BATCH[0])
        db.execute(f"CREATE TABLE t ({names})")
        db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [[*r.values()] for r in BATCH])
