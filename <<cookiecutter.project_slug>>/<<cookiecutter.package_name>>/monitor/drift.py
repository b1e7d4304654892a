"""Drift: how far each batch that arrived, and the model's answers to it, are from the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..config.drift import Drift
from ..runtime.threads import CORES, map_in_threads
from .baseline import Baseline, Watched
from .batches import PER_YEAR, Batch
from .bins import Counts

Size = tuple[str, int, int]  # a column, and a batch's rows and days: those share a limit

MIN_ROWS = 30  # fewer tell nothing


class Verdict(StrEnum):
    """What is said of the data, and of the predictions."""

    DRIFTED = "drifted"
    STEADY = "steady"
    UNKNOWN = "unknown"  # too few rows


@dataclass(frozen=True)
class Score:
    """How far one column is from the reference."""

    score: float
    limit: float
    drifted: bool
    times: float  # its limit: above 1 it has drifted
    method: str
    missing: tuple[float, float]  # the share of rows without a value, before and now


@dataclass(frozen=True)
class Judged:
    """The scores of one batch."""

    name: str
    rows: int
    files: list[str]
    features: dict[str, Score]
    answers: dict[str, Score]

    @property
    def times(self) -> float:
        """How many times its limit the farthest column moved."""
        return max((one.times for one in (self.features | self.answers).values()), default=0.0)

    @property
    def drifted(self) -> list[str]:
        """The columns that drifted, answers last."""
        return drifted(self.features | self.answers)


def drifted(scores: Mapping[str, Score]) -> list[str]:
    """The columns that drifted, the farthest first."""
    names = [name for name, one in scores.items() if one.drifted]
    return sorted(names, key=lambda name: -scores[name].times)


def judge(baseline: Baseline, batches: Sequence[Batch], rules: Drift, seed: int) -> list[Judged]:
    """The batches that have MIN_ROWS rows, each column beside its limit.

    The limits keep the promise of false alarms a year: half of them for the features, half for the
    answers, shared out among the columns and the batches of a year (Bonferroni).
    """
    large = [batch for batch in batches if batch.rows >= MIN_ROWS]
    limits = _limits(baseline, large, rules, seed)
    return [_judge(baseline, batch, limits) for batch in large]


def _limits(
    baseline: Baseline, batches: Sequence[Batch], rules: Drift, seed: int
) -> dict[Size, float]:
    """Of each column, in batches of each size: side by side, for to draw chance takes a while."""
    asked: dict[Size, tuple[Watched, float]] = {}
    for watched in (baseline.features, baseline.answers):
        level = level_of_column(rules, baseline.batch, len(watched))
        asked |= {
            (name, batch.rows, batch.days): (one, level)
            for batch in batches
            for name, one in watched.items()
        }

    def limit(size: Size) -> float:
        (watched, level), (_name, rows, days) = asked[size], size
        return watched.limit(rows, level, days=days, seed=seed)

    return dict(zip(asked, map_in_threads(limit, asked, CORES), strict=True))


def _judge(baseline: Baseline, batch: Batch, limits: Mapping[Size, float]) -> Judged:
    sides = [
        {
            name: _score(one, batch.counts[name], limits[name, batch.rows, batch.days])
            for name, one in watched.items()
        }
        for watched in (baseline.features, baseline.answers)
    ]
    return Judged(batch.name, batch.rows, sorted(batch.files), *sides)


def level_of_column(rules: Drift, batch: str, columns: int) -> float:
    """The probability with which one of so many columns may exceed its limit in a batch."""
    a_year = PER_YEAR.get(batch, rules.files_per_year)
    return min(rules.false_alarms_per_year / 2 / a_year, 0.5) / max(columns, 1)


def _score(watched: Watched, counts: Counts, limit: float) -> Score:
    score = watched.score(counts)
    before, now = watched.missing(counts)
    return Score(
        *(rounded(score), rounded(limit), score > limit, rounded(score / limit)),
        *(watched.method, (rounded(before), rounded(now))),
    )


def rounded(value: float) -> float:
    """Ten digits behind the point: the same, in whatever order it was summed."""
    return round(float(value), 10)
