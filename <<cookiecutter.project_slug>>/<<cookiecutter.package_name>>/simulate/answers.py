"""What a model says of a period: its answers, how good they were, and whether they drifted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..config.drift import NEVER, Drift
from ..evaluate.change import change
from ..evaluate.evidence import Evidence
from ..model.metric import Predictions
from ..monitor.batches import ROWS, TIME, Batch, count_batches, pieces
from ..monitor.drift import Judged, judge
from ..monitor.estimate import Estimated, estimate_loss
from ..monitor.verdict import describe
from ..runtime.parquet import draw
from .stream import Period, Stream
from .training import Recipe, Rules, Trained, train


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of one model to the rows of a period."""

    evidence: Evidence
    scores: dict[str, dict[str, Any]]  # of each metric: value, low, high, reason
    trained: Trained
    batches: Sequence[Batch]
    judged: Sequence[Judged]
    estimated: Estimated | None
    fell: bool  # the deciding metric, by the labels, as the stage ``performance`` judges it

    def drift(self, rules: Drift) -> dict[str, Any]:
        """The report of drift, as the stage writes it."""
        return describe(
            self.trained.baseline, rules, self.judged, self.batches, estimated=self.estimated
        )

    def asks(self, rules: Drift) -> bool:
        """Whether the reports ask for a new model, as the stages write them."""
        return bool(self.drift(rules)["retrain"]) or (self.fell and rules.retrain != NEVER)


class Models:
    """The models of a stream and their answers: each is trained, and asked, once.

    A model follows from the rows that are known, so policies that train at the same moment share
    it.
    """

    def __init__(self, stream: Stream, recipe: Recipe, rules: Rules) -> None:
        self.stream, self.recipe, self.rules = stream, recipe, rules
        self._trained: dict[int, Trained] = {}
        self._answers: dict[tuple[int, int], Answers] = {}

    def trained(self, ended: int) -> Trained:
        """The model of all rows that are known once so many periods have ended."""
        if ended not in self._trained:
            self._trained[ended] = train(self.recipe, self.rules, self.stream.known(ended))
        return self._trained[ended]

    def answers(self, ended: int, period: int) -> Answers:
        """What that model says of a period, by its number."""
        asked = ended, period
        if asked not in self._answers:
            rows = self.stream.periods[period]
            self._answers[asked] = _answers(self.trained(ended), self.recipe, self.rules, rows)
        return self._answers[asked]


def _answers(trained: Trained, recipe: Recipe, rules: Rules, period: Period) -> Answers:
    model, rows = trained.model, period.rows
    predictions, contract = Predictions.of(model, rows), model.contract
    evidence = Evidence(
        *(recipe.target, contract.truth(rows), predictions, recipe.units(rows, rules.unit)),
        *(rules.bootstrap, rules.level, rules.seed),
    )
    bounds = evidence.intervals(rules.metrics)
    named = _pieces(trained, contract.answers(rows, predictions.outputs), period)
    batches = count_batches(named, trained.baseline.bins)
    drawn = np.array(draw(rows.height, rules.drift.rows, rules.seed))
    return Answers(
        evidence=evidence,
        scores={
            one.name: {"value": _defined(evidence.value(one)), **vars(bounds[one.name])}
            for one in rules.metrics
        },
        trained=trained,
        batches=batches,
        judged=judge(trained.baseline, batches, rules.drift, rules.seed),
        estimated=estimate_loss(
            *(rules.metrics[0], predictions[drawn], trained.tested, trained.results),
            size=rules.drift.rows,
            seed=rules.seed,
        ),
        fell=_fell(evidence, trained, rules),
    )


def _fell(evidence: Evidence, trained: Trained, rules: Rules) -> bool:
    now = replace(evidence, resamples=0).replicate(rules.metrics[0])
    tolerance = max(0.0, rules.drift.performance * trained.gain)
    return change(now, trained.promised, level=rules.level, tolerance=tolerance).fell


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _pieces(
    trained: Trained, answers: pl.DataFrame, period: Period
) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Features and the answers to watch, by batch."""
    contract, baseline = trained.model.contract, trained.baseline
    features = baseline.sentences.add(contract.select(period.rows))
    watched = features.hstack(answers.select(contract.target.watched_columns))
    if baseline.batch == ROWS or baseline.time is None:
        yield period.name, period.name, watched
        return
    dated = watched.with_columns(period.rows[baseline.time].alias(TIME))
    for name, piece in pieces([dated], baseline.batch, dated.height):
        yield name, period.name, piece
