"""The search for hyperparameters with Optuna; it resumes where it was stopped."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl
import structlog

from ..config.tune import Dimension, Tune
from ..errors import ConfigError, ModelError, PipelineError
from ..evaluate.cross_validation import score_folds
from ..model.estimators import at_most
from ..model.flavors.sklearn import Predictor
from ..model.metrics import Metric
from ..model.training import ModelSpec, unfitted
from ..runtime.progress import progress
from ..split.splits import Fold
from ..split.target import Array, Target

log = structlog.get_logger()

Space = dict[str, Dimension]


def search(
    spec: ModelSpec,
    settings: Tune,
    features: pl.DataFrame,
    target: Target,
    truth: Array,
    *,
    study_file: Path,
    metric: Metric,
    folds: list[Fold],
) -> dict[str, Any]:
    """The best parameters by cross-validation on these rows.

    ``study_file`` (sqlite) keeps every trial; a second call with the same question goes on there
    until ``settings.trials`` are complete.

    Args:
        features: (n, k) rows.
        truth: (n,) class codes, or numbers.

    Raises:
        ConfigError: there is no space for this estimator.
        ModelError: no trial could be trained and scored.
    """
    from optuna.trial import TrialState

    space = settings.space.get(spec.estimator)
    if not space:
        raise ConfigError(
            f"tune.space has no entry for {spec.estimator!r}. Add one in conf/tune/optuna.yaml.",
            "config.space",
        )
    name = _name(spec, space, features, truth, metric, folds)
    study = _study(name, study_file, spec.seed)

    def objective(trial: Any) -> float:
        params = spec.params | {name: _suggest(trial, name, dim) for name, dim in space.items()}
        return _score(replace(spec, params=params), features, target, truth, folds, metric)

    complete = len(study.get_trials(states=[TrialState.COMPLETE]))
    if complete < settings.trials:
        left = settings.trials - complete
        with progress("tune", left, "trials") as step:
            callbacks = [lambda *_: step()]
            study.optimize(
                objective, n_trials=left, timeout=settings.timeout_s, callbacks=callbacks
            )
    if not study.get_trials(states=[TrialState.COMPLETE]):
        raise ModelError(
            f"no trial of {spec.estimator} could be trained and scored; the log says why for each. "
            "Fix tune.space, model.params, or the first of evaluate.metrics.",
            "model.tuning",
        )
    return dict(study.best_params)


def _score(
    spec: ModelSpec,
    features: pl.DataFrame,
    target: Target,
    truth: Array,
    folds: list[Fold],
    metric: Metric,
) -> float:
    """The mean of the folds, of which more is better; NaN where it cannot be trained or scored."""
    y = truth.astype(int) if target.is_classification else truth
    pipeline = unfitted(spec, features, target.task)
    outputs = []
    try:
        with at_most(spec.workers):
            for train, held_out in folds:
                pipeline.fit(features[train], y[train])
                outputs.append(Predictor(pipeline, target).predict(features[held_out]))
        values = score_folds(target, truth, folds, outputs, [metric])[metric.name]
    except (OSError, MemoryError):
        raise
    except Exception as error:  # an estimator may refuse some parameters by any error
        if isinstance(error, PipelineError) and not isinstance(error, ModelError):
            raise
        log.warning("a trial failed", params=spec.params, reason=str(error))
        return float("nan")
    return fmean(values) if metric.greater_is_better else -fmean(values)


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


def _suggest(trial: Any, name: str, dimension: Dimension) -> Any:
    if dimension.choices is not None:
        return trial.suggest_categorical(name, dimension.choices)
    low, high = dimension.low, dimension.high
    if dimension.whole:
        return trial.suggest_int(name, int(low or 0), int(high or 0), log=dimension.log)
    return trial.suggest_float(name, low, high, log=dimension.log)


def _name(
    spec: ModelSpec,
    space: Space,
    features: pl.DataFrame,
    truth: Array,
    metric: Metric,
    folds: list[Fold],
) -> str:
    """One study for one question: other rows or other settings, another study."""
    rows = hashlib.sha256(features.hash_rows(seed=0).to_numpy().tobytes() + truth.tobytes())
    scored = hashlib.sha256(b"/".join(rows.tobytes() for _, rows in folds)).hexdigest()
    question = [repr(spec), repr(space), rows.hexdigest(), metric.name, scored]
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:12]
