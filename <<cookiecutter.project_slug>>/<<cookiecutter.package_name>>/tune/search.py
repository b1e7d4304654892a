"""The search for hyperparameters with Optuna; it resumes where it was stopped."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl
import structlog

from ..config.tune import Dimension, Tune
from ..errors import ConfigError, ModelError, PipelineError
from ..evaluate.cross_validation import score_folds
from ..model.estimators import at_most
from ..model.metric import Metric
from ..model.predictor import PipelinePredictor
from ..model.training import ModelSpec, unfitted
from ..runtime.progress import progress
from ..split.splits import Fold
from ..split.target import Array, Target

log = structlog.get_logger()

Space = dict[str, Dimension]


@dataclass(frozen=True)
class Problem:
    """What is searched: parameters of a model, scored by a metric on folds of n rows."""

    spec: ModelSpec
    features: pl.DataFrame  # (n, k)
    target: Target
    truth: Array  # (n,) class codes, or numbers
    folds: list[Fold]
    metric: Metric

    def score(self, params: dict[str, Any]) -> float:
        """The mean of the folds, of which more is better; NaN where these cannot be trained."""
        spec = replace(self.spec, params=self.spec.params | params)
        try:
            outputs = self._outputs(spec)
            scores = score_folds(self.target, self.truth, self.folds, outputs, [self.metric])
        except (OSError, MemoryError):
            raise
        except Exception as error:  # an estimator may refuse some parameters by any error
            if isinstance(error, PipelineError) and not isinstance(error, ModelError):
                raise
            log.warning("a trial failed", params=spec.params, reason=str(error))
            return float("nan")
        mean = fmean(scores[self.metric.name])
        return mean if self.metric.greater_is_better else -mean

    def name(self, space: Space) -> str:
        """One study for one question: other rows or other settings, another study."""
        rows = self.features.hash_rows(seed=0).to_numpy().tobytes() + self.truth.tobytes()
        scored = b"/".join(rows.tobytes() for _, rows in self.folds)
        digests = [hashlib.sha256(content).hexdigest() for content in (rows, scored)]
        question = json.dumps([repr(self.spec), repr(space), self.metric.name, *digests])
        return hashlib.sha256(question.encode()).hexdigest()[:12]

    def _outputs(self, spec: ModelSpec) -> list[Array]:
        """Of each fold, what a model says that learned from the others."""
        pipeline = unfitted(spec, self.features, self.target.task)
        y, outputs = self.target.labels(self.truth), []
        with at_most(spec.workers):
            for train, held_out in self.folds:
                pipeline.fit(self.features[train], y[train])
                predictor = PipelinePredictor(pipeline, self.target)
                outputs.append(predictor.predict(self.features[held_out]))
        return outputs


def search(problem: Problem, settings: Tune, study_file: Path) -> dict[str, Any]:
    """The best parameters by cross-validation.

    ``study_file`` (sqlite) keeps every trial; a second call with the same question goes on there
    until ``settings.trials`` are complete.

    Raises:
        ConfigError: there is no space for this estimator.
        ModelError: no trial could be trained and scored.
    """
    from optuna.trial import TrialState

    estimator = problem.spec.estimator
    space = settings.space.get(estimator)
    if not space:
        raise ConfigError(
            f"tune.space has no entry for {estimator!r}. Add one in conf/tune/optuna.yaml.",
            "config.space",
        )
    study = _study(problem.name(space), study_file, problem.spec.seed)
    left = settings.trials - len(study.get_trials(states=[TrialState.COMPLETE]))
    if left > 0:
        with progress("tune", left, "trials") as step:
            study.optimize(
                lambda trial: problem.score(_suggest_all(trial, space)),
                n_trials=left,
                timeout=settings.timeout_s,
                callbacks=[lambda *_: step()],
            )
    if not study.get_trials(states=[TrialState.COMPLETE]):
        raise ModelError(
            f"no trial of {estimator} could be trained and scored; the log says why for each. "
            "Fix tune.space, model.params, or the first of evaluate.metrics.",
            "model.tuning",
        )
    return dict(study.best_params)


def _study(name: str, file: Path, seed: int) -> Any:
    """The named study in a sqlite file, made if need be; it does not repeat its first trials."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file.parent.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name,
        storage=f"sqlite:///{file.resolve()}",
        direction="maximize",
        load_if_exists=True,
    )
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    return study


def _suggest_all(trial: Any, space: Space) -> dict[str, Any]:
    return {name: _suggest(trial, name, dimension) for name, dimension in space.items()}


def _suggest(trial: Any, name: str, dimension: Dimension) -> Any:
    if dimension.choices is not None:
        return trial.suggest_categorical(name, dimension.choices)
    low, high = dimension.low, dimension.high
    if dimension.whole:
        return trial.suggest_int(name, int(low or 0), int(high or 0), log=dimension.log)
    return trial.suggest_float(name, low, high, log=dimension.log)
