"""What arrives with labels, and joins the sources: rows and steps that tests of it share."""

from pathlib import Path
from typing import Any

from <<cookiecutter.package_name>>.commands import adopt

from .batch import (
    ROWS,
    answer,
    arrive,
    configured,
    text,
)

OPTIONS = {"separator": ";", "null_values": [""]}
SOURCE = {"kind": "csv", "path": "data/raw/rows*.csv", "options": OPTIONS}
JOINED = {"by": ["place"], "cardinality": "n:1"}
PLANES = {"kind": "csv", "path": "data/raw/planes.csv", "options": OPTIONS, "join": JOINED}
NEW = [row | {"id": str(int(row["id"]) + 1000)} for row in ROWS]


def unlabelled(rows: list[dict[str, Any]]) -> str:
    return text([{name: row[name] for name in row if name != "bought"} for row in rows])


def bring(rows: list[dict[str, Any]], labelled: int | None = None, name: str = "new.csv") -> None:
    """Let rows arrive and be predicted, and labels of the first of them."""
    arrive(unlabelled(rows), name)
    answer(sources=[SOURCE, PLANES])
    label(rows[:labelled], name)


def label(rows: list[dict[str, Any]], name: str = "new.csv") -> None:
    Path("data/labels").mkdir(exist_ok=True)
    labels = [{"id": row["id"], "bought": row["bought"]} for row in rows]
    Path("data/labels", name).write_text(text(labels))


def adopted(source: dict[str, Any] = SOURCE, **data: Any) -> dict[str, Any]:
    return adopt.adopt(configured(sources=[source, PLANES], **data))


def sources() -> list[str]:
    return sorted(path.name for path in Path("data/raw").iterdir() if path.name != "planes.csv")
