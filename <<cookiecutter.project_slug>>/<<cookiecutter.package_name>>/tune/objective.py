"""What a search asks: how good a model with given parameters is, by cross-validation."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from statistics import fmean
from typing import Any

import polars as pl

from ..config import Config
from ..config.tune import Dimension
from ..errors import ModelError, from_system
from ..evaluate.cross_validation import score_folds
from ..model.fitting import first_line
from ..model.metric import Metric
from ..model.metrics import metrics
from ..model.predictor import PipelinePredictor
from ..model.rounds import Report as RoundReport
from ..model.training import HeldOut, ModelSpec, fit_pipeline, unfitted
from ..split.features import features
from ..split.splits import Fold, SplitSpec, folds
from ..split.target import Array, Target, Task

Space = dict[str, Dimension]
FoldReport = Callable[[int, float], None]  # of a fold's number and the first metric's mean so far
REFUSED = "model.trial"  # the code of an error that ends one trial and not the search


class Pruned(Exception):  # noqa: N818 - no error
    """Raised by a report: these parameters are not worth going on with."""


@dataclass(frozen=True)
class Problem:
    """What is searched: parameters of a model, scored by metrics on folds of n rows.

    What learns in rounds stops early on the held-out rows, as the final model does: they belong to
    no fold, and no score is computed on them.
    """

    spec: ModelSpec
    features: pl.DataFrame  # (n, k)
    target: Target
    truth: Array  # (n,) class codes, or numbers
    folds: list[Fold]
    metrics: list[Metric]  # the objectives; the first decides
    held_out: HeldOut | None = None

    @classmethod
    def from_config(
        cls, config: Config, rows: pl.DataFrame, validation: pl.DataFrame, target: Target
    ) -> "Problem":
        """What the configuration asks, of the training rows."""
        data, settings = config.data, config.tune
        x, held_out = (
            features(part, data.target, data.key, data.ignore) for part in (rows, validation)
        )
        known = metrics(config.evaluate.metrics, target)
        by_name = dict(zip(config.evaluate.metrics, known, strict=True))
        return cls(
            ModelSpec.from_config(config, {}),
            x,
            target,
            target.encode(rows[data.target]),
            folds(rows, SplitSpec.from_config(data, config.split, target), number=settings.folds),
            [by_name[name] for name in settings.objectives] or known[:1],
            (held_out, target.encode(validation[data.target])),
        )

    def score(
        self,
        params: dict[str, Any],
        of_fold: FoldReport | None = None,
        of_round: RoundReport | None = None,
    ) -> list[float]:
        """Each metric's mean over the folds.

        Args:
            params: on top of those of the model.
            of_fold: told of each fold but the last.
            of_round: told of each round in the first fold, of an estimator that learns in rounds.

        Raises:
            Pruned: by a report.
            ModelError: with the code REFUSED, a model cannot be trained with these parameters, or
                its metric is no number; with another, a metric raised.
        """
        spec, outputs = replace(self.spec, params=self.spec.params | params), list[Array]()
        for number in range(1, len(self.folds) + 1):
            first = of_round if number == 1 else None
            outputs.append(self._answers(spec, *self.folds[number - 1], first))
            if of_fold and self._says_something(number):
                of_fold(number, self._means(self.metrics[:1], outputs)[0])
        return self._means(self.metrics, outputs)

    def question(self, space: Space, code: str) -> str:
        """One study for one question: other rows, settings or code, another study.

        Args:
            code: a digest of all code that a score depends on.
        """
        tables = [(self.features, self.truth), *([self.held_out] if self.held_out else [])]
        rows = [x.hash_rows(seed=0).to_numpy().tobytes() + truth.tobytes() for x, truth in tables]
        scored = b"/".join(rows.tobytes() for _, rows in self.folds)
        digests = [hashlib.sha256(content).hexdigest() for content in (*rows, scored)]
        names = [metric.name for metric in self.metrics]
        question = json.dumps([repr(self.spec), repr(space), names, *digests, code])
        return hashlib.sha256(question.encode()).hexdigest()[:12]

    def _answers(
        self, spec: ModelSpec, train: Any, scored: Any, report: RoundReport | None
    ) -> Array:
        """What a model that learned from the other folds says of one."""
        learned = self.features[train], self.target, self.truth[train]
        try:
            pipeline = unfitted(spec, self.features, self.target.task)
            fit_pipeline(pipeline, spec, *learned, held_out=self.held_out, report=report)
            return PipelinePredictor(pipeline, self.target).predict(self.features[scored])
        except Exception as error:  # an estimator may refuse some parameters by any error
            if isinstance(error, Pruned | MemoryError) or from_system(error):
                raise
            raise ModelError(first_line(error), REFUSED) from error

    def _says_something(self, number: int) -> bool:
        """Whether the first folds have a value that is worth a report.

        A threshold comes of other folds, so what needs one has no value on the first alone.
        """
        needs_two = self.target.task is Task.BINARY and self.metrics[0].needs == "classes"
        return (2 if needs_two else 1) <= number < len(self.folds)

    def _means(self, wanted: list[Metric], outputs: list[Array]) -> list[float]:
        folds = self.folds[: len(outputs)]
        of_folds = self.target, self.truth, folds, outputs
        scores = score_folds(*of_folds, wanted=wanted, aim=self.spec.threshold)
        means = {name: fmean(values) for name, values in scores.items()}
        for name, mean in means.items():
            if not isfinite(mean):
                raise ModelError(f"the metric {name} is {mean}", REFUSED)
        return list(means.values())
