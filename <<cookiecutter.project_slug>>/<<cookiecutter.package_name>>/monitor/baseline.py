"""What later data is compared with: counts of what the model knows, and of its past batches.

A check needs no raw row of this: each column has its bins, the reference's counts in them, and what
past batches tell about the score of an ordinary one. The reference of features is all rows that
were split; that of the model's answers is the test rows, for those that a model learned from are
answered better than any later ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..config.drift import Drift
from ..errors import ConfigError, DataError
from .batches import Batch, whole
from .bins import Bins, Counts
from .divergences import DIVERGENCES, Divergence
from .limits import FEWEST, History, chance_limit, learn_history, pooled
from .texts import Sentences

COUNTS, SENTENCES = "baseline.json", "sentences.npz"  # in the folder
OWN = ("batch", "time", "rows", "tested", "learned_by")  # fields that JSON holds as they are


@dataclass(frozen=True)
class Watched:
    """A column that is watched: its reference, and past batches where there were enough."""

    bins: Bins
    counts: Counts
    method: str
    history: History | None

    @property
    def divergence(self) -> Divergence:
        """The method, for these bins."""
        return DIVERGENCES[self.method].on(self.bins)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "bins": self.bins.to_json(),
            "counts": self.counts.tolist(),
            "method": self.method,
            "history": self.history and asdict(self.history),
        }

    def score(self, counts: Counts) -> float:
        """How far a batch is from the reference."""
        return float(self.divergence(self.counts, counts))

    def limit(self, rows: int, level: float, *, days: int, seed: int) -> float:
        """What an ordinary batch exceeds with probability ``level``; at least what matters."""
        method, total = self.divergence, int(self.counts.sum())
        if self.history is None:
            limit = chance_limit(method, self.counts, rows, level, seed)
        else:
            limit = self.history.limit(method, rows, total, level, days=days)
        return max(limit, method.least)

    def missing(self, counts: Counts) -> tuple[float, float]:
        """The share of rows without a value, before and in a batch."""
        return self.counts[-1] / max(self.counts.sum(), 1), counts[-1] / max(counts.sum(), 1)


@dataclass(frozen=True)
class Baseline:
    """What drift compares with."""

    batch: str  # day, week, month or rows
    time: str | None  # the column of a row's time
    rows: int  # of the reference
    tested: int  # of its test rows
    features: dict[str, Watched]
    answers: dict[str, Watched]
    sentences: Sentences  # columns of texts, whose directions are features too
    learned_by: dict[str, Any]  # settings of conf/drift

    @property
    def columns(self) -> dict[str, Watched]:
        """Features and answers."""
        return self.features | self.answers

    @property
    def bins(self) -> dict[str, Bins]:
        """Of all columns."""
        return {name: watched.bins for name, watched in self.columns.items()}

    def past(self) -> dict[str, int]:
        """From how many past batches limits come; 0: from chance."""
        sides = {"features": self.features, "answers": self.answers}
        histories = {
            side: [one.history for one in watched.values()] for side, watched in sides.items()
        }
        return {
            side: max((one.batches for one in known if one), default=0)
            for side, known in histories.items()
        }

    def write(self, folder: Path) -> None:
        """As two files in a folder."""
        own = {name: getattr(self, name) for name in OWN}
        sides = {
            side: {name: watched.to_json() for name, watched in getattr(self, side).items()}
            for side in ("features", "answers")
        }
        (folder / COUNTS).write_text(json.dumps(own | sides), encoding="utf-8")
        self.sentences.write(folder / SENTENCES)

    def check(self, rules: Drift) -> None:
        """Refuse settings that it was not learned by.

        Raises:
            ConfigError: one differs.
        """
        for name, value in rules.of_baseline.items():
            if value != (before := self.learned_by[name]):
                raise ConfigError(
                    f"{name} is {value!r}, and models/baseline was learned by {before!r}. Run "
                    "`make repro`, which learns it anew.",
                    "config.baseline",
                )

    @classmethod
    def read(cls, folder: Path) -> "Baseline":
        """What ``write`` wrote.

        Raises:
            DataError: it is missing, or something else.
        """
        try:
            record = json.loads((folder / COUNTS).read_text(encoding="utf-8"))
            sides = {
                side: {name: _watched(one) for name, one in record[side].items()}
                for side in ("features", "answers")
            }
            return cls(**record | sides, sentences=Sentences.read(folder / SENTENCES))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{folder} holds no baseline ({type(error).__name__}). Run `make repro`.",
                "data.baseline",
            ) from error


def _watched(record: Mapping[str, Any]) -> Watched:
    history = record["history"] and History(**record["history"])
    counts = np.array(record["counts"], dtype=np.int64)
    return Watched(Bins.from_json(record["bins"]), counts, record["method"], history)


def watch(
    bins: Mapping[str, Bins],
    batches: Sequence[Batch],
    rules: Drift,
    seed: int,
    past: Sequence[Batch] | None = None,
) -> dict[str, Watched]:
    """Each column of the reference, from the counts of all its batches.

    Args:
        past: other batches that say how much ordinary ones vary; None: those of the reference do.

    Raises:
        ConfigError: a column has a method that needs ordered numbers, and holds none.
    """
    counts = _total(bins, batches)
    methods = {name: method_of(name, one, rules) for name, one in bins.items()}
    divergences = {name: DIVERGENCES[method].on(bins[name]) for name, method in methods.items()}
    histories = _histories(bins, divergences, batches if past is None else past, seed)
    return {
        name: Watched(one, counts[name], methods[name], histories.get(name))
        for name, one in bins.items()
    }


def _histories(
    bins: Mapping[str, Bins],
    divergences: Mapping[str, Divergence],
    batches: Sequence[Batch],
    seed: int,
) -> dict[str, History]:
    """Of each column; none where past batches are too few."""
    ordinary, counts = whole(list(batches)), _total(bins, batches)
    if len(ordinary) < FEWEST:
        return {}
    days = float(np.median([batch.days for batch in ordinary]))
    learned = [
        learn_history(
            method, counts[name], [one.counts[name] for one in ordinary], days=days, seed=seed
        )
        for name, method in divergences.items()
    ]
    return dict(zip(divergences, pooled(learned), strict=True))


def _total(bins: Mapping[str, Bins], batches: Sequence[Batch]) -> dict[str, Counts]:
    zeros = {name: np.zeros(one.size, dtype=np.int64) for name, one in bins.items()}
    return {
        name: sum((batch.counts[name] for batch in batches), zero) for name, zero in zeros.items()
    }


def method_of(name: str, bins: Bins, rules: Drift) -> str:
    """The method that the rules give a column."""
    method = rules.columns.get(name) or (rules.numeric if bins.is_ordered else rules.categorical)
    if DIVERGENCES[method].is_ordered and not bins.is_ordered:
        raise ConfigError(
            f"drift.columns compares {name!r} by {method}, which needs numbers of many different "
            "values; it holds few, or texts. Choose another method in conf/drift.",
            "config.drift_method",
        )
    return method
