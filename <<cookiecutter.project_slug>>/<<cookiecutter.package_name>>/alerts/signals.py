"""Signals: what gives reason for an alert, its texts made harmless, for they may come from data."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_BODY = 2000  # characters
LONGEST_NAME = 100
JOINER = "\u2060"  # no width; it parts a mention or a link from the sign that starts it
_ACTIVE = re.compile(r"[@<]|:(?=//)|\bwww(?=\.)", re.IGNORECASE)


@dataclass(frozen=True)
class Signal:
    """One thing to tell people of; made by ``signal``.

    Attributes:
        rule: what was judged, such as ``data drift``.
        subject: what it is about, such as a column; with the rule, it names one incident.
        severity: warning, error or critical.
        body: for people.
        evidence: digest of what was judged, such as model and batch: the same twice is no repeat.
    """

    rule: str
    subject: str
    severity: str
    body: str
    evidence: str


Signals = dict[str, list[Signal]]  # by rule; one that was judged and found all well has none


def signal(rule: str, subject: str, severity: str, body: str, evidence: str) -> Signal:
    """A signal; its texts are cut to a length, hold no control characters, and ping nobody."""
    return Signal(rule, plain(subject, LONGEST_NAME), severity, plain(body, LONGEST_BODY), evidence)


def plain(text: str, longest: int) -> str:
    """The text as one line of printable characters, cut to a length; no mention or link in it."""
    printable = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: 4 * longest])
    line = _ACTIVE.sub(lambda match: match[0] + JOINER, " ".join("".join(printable).split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def digest(parts: Iterable[str]) -> str:
    """A short digest of some texts."""
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:32]
