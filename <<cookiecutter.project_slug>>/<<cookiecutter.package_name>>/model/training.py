"""A fitted pipeline from rows, with a simpler model to fall back to."""

from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import structlog

from ..errors import DataError, ModelError, PipelineError
from .estimators import at_most, estimator
from .preprocessing import StepSpec, preprocessor

log = structlog.get_logger()


@dataclass(frozen=True)
class ModelSpec:
    """What to train: preprocessing steps, estimator, seed."""

    adapter: str
    params: dict[str, Any]
    steps: list[StepSpec]
    seed: int
    workers: int = 1
    fallback: str | None = None


@dataclass(frozen=True)
class Fitted:
    """A trained pipeline and the adapter that it was made with."""

    pipeline: Any
    adapter: str
    fell_back: str | None = field(default=None)  # why, if the configured model did not train


def unfitted(spec: ModelSpec, features: pl.DataFrame) -> Any:
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
    steps = preprocessor(spec.steps, features.schema, spec.seed, without=empty)
    return Pipeline([("preprocess", steps), ("model", _estimator(spec))])


def _estimator(spec: ModelSpec) -> Any:
    return estimator(spec.adapter, spec.params, seed=spec.seed, workers=spec.workers)


def _empty(features: pl.DataFrame) -> list[str]:
    return [name for name in features.columns if features[name].null_count() == features.height]


def fit(spec: ModelSpec, features: pl.DataFrame, target: pl.Series) -> Fitted:
    """Train; if training fails, train the fallback, and say so.

    Args:
        features: (n, k) rows.
        target: (n,) classes.

    Raises:
        ConfigError: the specification cannot be built.
        DataError: no feature has a value.
        ModelError: preprocessing, or the model and its fallback, could not be trained.
    """
    pipeline = unfitted(spec, features)
    simpler = _estimator(replace(spec, adapter=spec.fallback, params={})) if spec.fallback else None
    if empty := _empty(features):
        log.warning("columns without a value in the training rows are left out", columns=empty)
    with at_most(spec.workers):
        prepared = _prepare(pipeline[0], features, target)
        error = _failure(pipeline[-1], prepared, target)
        if error is None:
            return Fitted(pipeline, spec.adapter)
        reason = f"{spec.adapter} could not be trained: {_first_line(error)}"
        if simpler is None:
            raise ModelError(
                f"{reason}. Fix model.params or the data, or name a model.fallback.",
                "model.training",
            ) from error
        log.warning("falling back", fallback=spec.fallback, reason=reason)
        again = _failure(simpler, prepared, target)
    if again is not None:
        raise ModelError(
            f"{reason}. Its fallback {spec.fallback} could not be trained either: "
            f"{_first_line(again)}. Fix model.params or the data.",
            "model.training",
        ) from again
    pipeline.steps[-1] = ("model", simpler)
    return Fitted(pipeline, str(spec.fallback), fell_back=f"{spec.adapter}: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """What went wrong, without the advice that libraries add below it."""
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__


def _failure(model: Any, prepared: Any, target: pl.Series) -> Exception | None:
    try:
        model.fit(prepared, target)
    except Exception as error:  # an estimator may raise anything
        return error
    return None


def _prepare(steps: Any, features: pl.DataFrame, target: pl.Series) -> Any:
    """Fit the preprocessing; returns its result, (n, columns that it gives)."""
    try:
        return steps.fit_transform(features, target)
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:  # a step may raise anything
        culprit = _culprit(steps, features, target)
        raise ModelError(
            f"preprocessing could not be fitted{culprit}: {_first_line(error)}. Fix the steps in "
            "conf/preprocess, or the data; no other model would do without them.",
            "model.preprocess",
        ) from error


def _culprit(steps: Any, features: pl.DataFrame, target: pl.Series) -> str:
    """Which chain of steps fails on which columns, in words."""
    from sklearn.base import clone

    for name, chain, columns in steps.transformers:
        if chain == "passthrough":
            continue
        try:
            clone(chain).fit_transform(features.select(columns), target)
        except Exception:  # that is the answer
            return f": {name} fails on {', '.join(columns)}"
    return ""


def score(pipeline: Any, features: pl.DataFrame) -> pl.Series:
    """The probability of the last class, (n,) between 0 and 1.

    Raises:
        ModelError: the model cannot answer these rows.
    """
    try:
        probabilities = pipeline.predict_proba(features)[:, -1]
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:  # a step or an estimator may raise anything
        raise ModelError(
            f"the model cannot answer these rows: {_first_line(error)}. Fix its class or its "
            "steps, and train it again.",
            "model.answer",
        ) from error
    return pl.Series("score", probabilities, dtype=pl.Float64)


def best_threshold(truth: pl.Series, scores: pl.Series) -> float:
    """The score from which on to answer with the last class: it maximises F1 on these rows."""
    import numpy as np
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])
