"""Messages: many notices as one text, by the template beside this file."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ..config.alert import SEVERITIES
from .incidents import RESOLVED
from .reports import some
from .signals import digest, plain

GROUPS = 20  # that one message tells of; the rest is counted
SUBJECTS = 10  # of one group that are named; the rest is counted


@dataclass(frozen=True)
class Message:
    """What one channel gets at once."""

    key: str  # the same however often it is sent, so that a receiver can tell
    severity: str  # the worst
    title: str
    body: str
    run_id: str
    created: float  # seconds since 1970


Send = Callable[[Message], None]


def compose(
    name: str, channel: str, notices: Sequence[sqlite3.Row], run_id: str, now: float
) -> Message:
    """One message that tells of all notices, which are at least one.

    Args:
        name: of the project.
        notices: rows of the table.
    """

    def group(row: sqlite3.Row) -> tuple[int, str, str, str]:
        return -SEVERITIES.index(row["severity"]), row["kind"], row["body"], row["rule"]

    key = digest([channel, *(row["key"] for row in notices)])
    ordered = sorted(notices, key=group)
    groups = [_group(list(rows)) for _, rows in groupby(ordered, key=group)]
    rules = list(dict.fromkeys(row["rule"] for row in ordered))
    resolved = all(row["kind"] == RESOLVED for row in notices)
    label = RESOLVED if resolved else ordered[0]["severity"]
    facts = {"groups": groups[:GROUPS], "more": max(len(groups) - GROUPS, 0)}
    return Message(
        key=key,
        severity=ordered[0]["severity"],
        title=f"[{label}] {plain(name, 50)}: {some(rules)}",
        body=_render("message.txt.j2", facts | {"name": name, "run_id": run_id, "key": key}),
        run_id=run_id,
        created=now,
    )


def _group(rows: list[sqlite3.Row]) -> dict[str, Any]:
    named = (
        f"{row['subject']}, {row['times']} times" if row["times"] > 1 else row["subject"]
        for row in rows
    )
    return {**dict(rows[0]), "subjects": some(named, SUBJECTS)}


def _render(template: str, facts: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - plain text
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(facts)
