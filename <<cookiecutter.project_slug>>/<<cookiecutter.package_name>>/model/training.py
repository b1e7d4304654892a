"""A fitted predictor from rows, with a simpler estimator to fall back to."""

from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..config.evaluate import Threshold
from ..config.preprocess import Step
from ..errors import DataError, ModelError, PipelineError
from ..runtime.progress import progress
from ..split.target import Array, Target, Task
from .estimators import at_most, build_estimator
from .flavors import sklearn as flavor
from .preprocessing import preprocessor, sentences

log = structlog.get_logger()

TRIED = 200  # rows on which an own estimator or step is trained to see whether it can be saved


@dataclass(frozen=True)
class ModelSpec:
    """What to train: preprocessing steps, estimator, seed."""

    estimator: str
    params: dict[str, Any]
    steps: list[Step]
    seed: int
    workers: int = 1
    fallback: str | None = None
    own: tuple[str, ...] = ()  # dotted names that the saved model may hold
    threshold: Threshold = field(default_factory=Threshold)  # what that of a binary model is for

    @classmethod
    def from_config(cls, config: Config, tuned: dict[str, Any]) -> "ModelSpec":
        """What the configuration asks to train, with tuned parameters on top."""
        return cls(
            estimator=config.model.estimator,
            params=config.model.params | tuned,
            steps=config.preprocess.steps,
            seed=config.seed,
            workers=config.compute.workers,
            fallback=config.model.fallback,
            own=tuple(config.trusted),
            threshold=config.evaluate.threshold,
        )

    def simpler(self) -> "ModelSpec":
        """The fallback, with its own default parameters."""
        return replace(self, estimator=str(self.fallback), params={})


@dataclass(frozen=True)
class Fitted:
    """A trained predictor and the estimator that it was made with."""

    predictor: flavor.Predictor
    estimator: str
    fell_back: str | None = None  # why, if the configured estimator did not train


def unfitted(spec: ModelSpec, features: pl.DataFrame, task: Task) -> Any:
    """The pipeline of ``spec`` before training: preprocessing, then estimator.

    Columns without a value in these rows, (n, k), are left out: there is nothing to learn from.

    Raises:
        ConfigError: the specification cannot be built.
        DataError: no column has a value.
    """
    from sklearn.pipeline import Pipeline

    empty = _empty(features)
    if len(empty) == features.width:
        raise DataError(
            f"no feature has a value in the training rows ({', '.join(empty)}). Fix the source, or "
            "data.ignore.",
            "data.no_features",
        )
    steps = preprocessor(spec.steps, features.schema, task, spec.seed, without=empty)
    return Pipeline([("preprocess", steps), ("model", _estimator(spec, task))])


def _estimator(spec: ModelSpec, task: Task) -> Any:
    return build_estimator(spec.estimator, spec.params, task, seed=spec.seed, workers=spec.workers)


def _empty(features: pl.DataFrame) -> list[str]:
    return [name for name in features.columns if features[name].null_count() == features.height]


def fit(spec: ModelSpec, features: pl.DataFrame, target: Target, truth: Array) -> Fitted:
    """Train; if training fails, train the fallback, and say so.

    Args:
        features: (n, k) rows.
        target: what is predicted.
        truth: (n,) class codes, or numbers.

    Raises:
        ConfigError: the specification cannot be built.
        DataError: no feature has a value.
        ModelError: the model could not be saved; or preprocessing, or the model and its fallback,
            could not be trained.
    """
    pipeline = unfitted(spec, features, target.task)
    y = target.labels(truth)
    _check_saving(spec, pipeline, features, y)
    simpler = _estimator(spec.simpler(), target.task) if spec.fallback else None
    _warn(spec, features)
    with at_most(spec.workers), progress("train", unit="models"):
        prepared = _prepare(pipeline[0], features, y)
        error = _failure(pipeline[-1], prepared, y)
        if error is None:
            return Fitted(flavor.Predictor(pipeline, target), spec.estimator)
        reason = f"{spec.estimator} could not be trained: {first_line(error)}"
        if simpler is None:
            advice = "Fix model.params or the data, or name a model.fallback."
            raise ModelError(f"{reason}. {advice}", "model.training") from error
        log.warning("falling back", fallback=spec.fallback, reason=reason)
        again = _failure(simpler, prepared, y)
    if again is not None:
        raise ModelError(
            f"{reason}. Its fallback {spec.fallback} could not be trained either: "
            f"{first_line(again)}. Fix model.params or the data.",
            "model.training",
        ) from again
    pipeline.steps[-1] = ("model", simpler)
    why = f"{spec.estimator}: {first_line(error)}"
    return Fitted(flavor.Predictor(pipeline, target), str(spec.fallback), why)


def _warn(spec: ModelSpec, features: pl.DataFrame) -> None:
    """Log what a person may want to change."""
    empty = _empty(features)
    if empty:
        log.warning("columns without a value in the training rows are left out", columns=empty)
    if texts := sentences(spec.steps, features, without=empty):
        log.warning(
            "columns of many different texts are taken for categories; text_tfidf learns their "
            "words (preprocess=text), or list them under data.ignore",
            columns=texts,
        )


def _check_saving(spec: ModelSpec, pipeline: Any, features: pl.DataFrame, y: Array) -> None:
    """Refuse what could not be saved, before hours of training: as it is, and trained on few rows.

    Raises:
        ModelError: it holds a type that is not trusted, or that cannot be written.
    """
    flavor.check(pipeline, spec.own)
    if not spec.own:  # what we ship was seen to be saved
        return
    from sklearn.base import clone

    few = slice(None, None, max(features.height // TRIED, 1))
    try:
        trial = clone(pipeline).fit(features[few], y[few])
    except Exception:  # too few rows for it, perhaps: training itself will say
        return
    flavor.check(trial, spec.own)


def first_line(error: Exception) -> str:
    """What went wrong, without the advice that libraries add below it."""
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__


def _failure(estimator: Any, prepared: Any, y: Array) -> Exception | None:
    try:
        estimator.fit(prepared, y)
    except Exception as error:  # an estimator may raise anything
        return error
    return None


def _prepare(steps: Any, features: pl.DataFrame, y: Array) -> Any:
    """Fit the preprocessing; returns its result, (n, columns that it makes)."""
    try:
        return steps.fit_transform(features, y)
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:  # a step may raise anything
        culprit = _culprit(steps, features, y)
        raise ModelError(
            f"preprocessing could not be fitted{culprit}: {first_line(error)}. Fix the steps in "
            "conf/preprocess, or the data; no other model would do without them.",
            "model.preprocess",
        ) from error


def _culprit(steps: Any, features: pl.DataFrame, y: Array) -> str:
    """Which chain of steps fails on which columns, in words."""
    from sklearn.base import clone

    for name, chain, columns in steps.transformers:
        if chain == "passthrough":
            continue
        try:
            clone(chain).fit_transform(features.select(columns), y)
        except Exception:  # that is the answer
            return f": {name} fails on {', '.join(columns)}"
    return ""
