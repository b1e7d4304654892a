"""One budget of wrong promotions for all challenges on the same test rows.

Who tries often enough is lucky once: of ten models that are no better than the champion, each
tested at level 0.05 on the same rows, one is promoted in 15 to 22 of 100 cases. So the k-th
challenge on the same rows is tested at ``2 level / (k (k + 1))``, two-sided: the first as if it
were the only one, and all together promote wrongly with a probability of at most ``level``, however
many follow, for the terms ``level / (k (k + 1))`` sum to it (alpha spending over a sequence of
tests; Foster and Stine 2008, section 2).

A challenge on other rows counts by the share of today's rows that it had seen, so a test set that
lost a row, or got a few new ones, is no new one; only rows that nobody has seen renew the budget.
Which rows those were is known by the smallest digests of their keys (Broder 1997).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from ..split.keys import Digests, digests

SKETCH = 256  # digests; shares of larger test sets are estimated, with a standard error of 0.03


@dataclass(frozen=True)
class Challenge:
    """One look at test rows, which spends."""

    rival: str  # "champion" or "constant": each kind has a budget of its own
    question: str  # a digest of everything that its answer follows from
    test_set: str  # a digest of the keys of the rows
    sketch: str  # the smallest digests of these keys, in hexadecimal
    before: float = 0.0  # challenges before it, each by the share of the rows that it had seen

    def level(self, total: float) -> float:
        """The level at which it is decided, two-sided; ``total`` is that of all challenges."""
        number = 1 + self.before
        return 2 * total / (number * (number + 1))

    def to_json(self) -> str:
        """As ``from_json`` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Challenge":
        """What ``to_json`` wrote."""
        return cls(**json.loads(text))


def challenge_on(
    keys: pl.Series, rival: str, asked: list[str], earlier: Iterable[Challenge]
) -> Challenge:
    """The challenge on test rows, after earlier ones; the same question again spends nothing.

    Args:
        keys: (n,) of the rows on which it is decided.
        rival: as of a Challenge.
        asked: what else its answer follows from, such as the names of the models.
        earlier: challenges of the same registry, in any order.
    """
    known = np.unique(digests(keys))
    test_set = hashlib.sha256(known.tobytes()).hexdigest()
    question = hashlib.sha256(json.dumps([rival, test_set, *asked]).encode()).hexdigest()
    earlier = [one for one in earlier if one.rival == rival]
    for one in earlier:
        if one.question == question:
            return one
    before = sum(_share(known, one.sketch) for one in earlier)
    return Challenge(rival, question, test_set, _sketch(known), before)


def _sketch(known: Digests) -> str:
    return known[:SKETCH].astype(">u8").tobytes().hex()


def _share(known: Digests, sketch: str) -> float:
    """The share of sorted digests that are in the set of which this is the sketch."""
    theirs = np.frombuffer(bytes.fromhex(sketch), ">u8").astype(np.uint64)
    # A sketch that is not full holds its whole set; else it says nothing above its largest digest.
    judged = known if theirs.size < SKETCH else known[known <= theirs[-1]]
    return float(np.isin(judged, theirs).mean()) if judged.size else 0.0
