"""A fitted pipeline from rows, with a simpler model to fall back to."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl
import structlog

from ..errors import ModelError, PipelineError
from .adapters import at_most, estimator
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


def unfitted(spec: ModelSpec, features: pl.Schema) -> Any:
    """The pipeline of ``spec`` before training: preprocessing, then estimator."""
    from sklearn.pipeline import Pipeline

    model = estimator(spec.adapter, spec.params, seed=spec.seed, workers=spec.workers)
    return Pipeline(
        [("preprocess", preprocessor(spec.steps, features, spec.seed)), ("model", model)]
    )


def fit(spec: ModelSpec, features: pl.DataFrame, target: pl.Series) -> Fitted:
    """Train; if training fails, train the fallback, and say so.

    Args:
        features: (n, k) rows.
        target: (n,) classes.

    Raises:
        ConfigError: the specification cannot be built.
        ModelError: neither the model nor its fallback could be trained.
    """
    try:
        with at_most(spec.workers):
            return Fitted(unfitted(spec, features.schema).fit(features, target), spec.adapter)
    except PipelineError:  # of the specification or of a step: a simpler model has them too
        raise
    except Exception as error:  # an estimator may raise anything
        if spec.fallback is None:
            raise ModelError(
                f"{spec.adapter} could not be trained: {error}. Mend model.params or the data, or "
                "name a model.fallback.",
                "model.training",
            ) from error
        log.warning(
            "training failed, falling back",
            model=spec.adapter,
            fallback=spec.fallback,
            reason=str(error),
        )
        simpler = ModelSpec(spec.fallback, {}, spec.steps, spec.seed, spec.workers)
        fitted = fit(simpler, features, target)
        return Fitted(fitted.pipeline, fitted.adapter, fell_back=f"{spec.adapter}: {error}")


def score(pipeline: Any, features: pl.DataFrame) -> pl.Series:
    """The probability of the last class, (n,) between 0 and 1."""
    return pl.Series("score", pipeline.predict_proba(features)[:, -1], dtype=pl.Float64)


def best_threshold(truth: pl.Series, scores: pl.Series) -> float:
    """The score from which on to answer with the last class: it maximises F1 on these rows."""
    import numpy as np
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])
