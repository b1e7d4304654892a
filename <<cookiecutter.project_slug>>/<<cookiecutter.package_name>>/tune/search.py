"""The search for hyperparameters with Optuna; it resumes where it was stopped."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from ..errors import ConfigError, ModelError, PipelineError
from ..model.estimators import at_most
from ..model.training import ModelSpec, unfitted
from ..split.splits import Fold

log = structlog.get_logger()

SCORERS = {"log_loss": "neg_log_loss", "brier": "neg_brier_score"}  # scikit-learn maximises
Space = dict[str, dict[str, Any]]  # parameter: {low, high, log, whole} or {choices}


def search(
    spec: ModelSpec,
    space: Space,
    features: pl.DataFrame,
    target: pl.Series,
    *,
    study_file: Path,
    metric: str,
    folds: list[Fold],
    trials: int,
    timeout_s: float | None,
) -> dict[str, Any]:
    """The best parameters by cross-validation on these rows.

    ``study_file`` (sqlite) keeps every trial; a second call with the same question goes on there
    until ``trials`` are complete.

    Raises:
        ConfigError: there is no space for this model.
        ModelError: no trial could be trained.
    """
    from optuna.trial import TrialState

    if not space:
        raise ConfigError(
            f"tune.space has no entry for {spec.adapter!r}. Add one in conf/tune/optuna.yaml.",
            "config.space",
        )
    study = _study(_name(spec, space, features, metric, folds), study_file, spec.seed)
    scoring = SCORERS.get(metric, metric)

    def objective(trial: Any) -> float:
        params = spec.params | {name: _suggest(trial, name, dim) for name, dim in space.items()}
        return _scored(replace(spec, params=params), features, target, folds, scoring)

    complete = len(study.get_trials(states=[TrialState.COMPLETE]))
    if complete < trials:
        study.optimize(objective, n_trials=trials - complete, timeout=timeout_s)
    if not study.get_trials(states=[TrialState.COMPLETE]):
        raise ModelError(
            f"no trial of {spec.adapter} could be trained and scored; the log says why for each. "
            "Fix tune.space, model.params, or the first of evaluate.metrics.",
            "model.tuning",
        )
    return dict(study.best_params)


def _scored(
    spec: ModelSpec, features: pl.DataFrame, target: pl.Series, folds: list[Fold], scoring: str
) -> float:
    """The mean score of the folds; NaN where the model cannot be trained or scored."""
    from sklearn.model_selection import cross_val_score

    pipeline = unfitted(spec, features)
    try:
        with at_most(spec.workers):
            scores = cross_val_score(
                pipeline, features, target, cv=folds, scoring=scoring, error_score="raise"
            )
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:  # an estimator may refuse some parameters by any error
        log.warning("a trial failed", params=spec.params, reason=str(error))
        return float("nan")
    return float(scores.mean())


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


def _suggest(trial: Any, name: str, dim: dict[str, Any]) -> Any:
    if dim["choices"] is not None:
        return trial.suggest_categorical(name, dim["choices"])
    if dim["whole"]:
        return trial.suggest_int(name, int(dim["low"]), int(dim["high"]), log=dim["log"])
    return trial.suggest_float(name, dim["low"], dim["high"], log=dim["log"])


def _name(
    spec: ModelSpec, space: Space, features: pl.DataFrame, metric: str, folds: list[Fold]
) -> str:
    """One study for one question: other rows or other settings, another study."""
    rows = hashlib.sha256(features.hash_rows(seed=0).to_numpy().tobytes()).hexdigest()
    scored = hashlib.sha256(b"/".join(rows.tobytes() for _, rows in folds)).hexdigest()
    question = json.dumps([repr(spec), space, rows, metric, scored], sort_keys=True)
    return hashlib.sha256(question.encode()).hexdigest()[:12]
