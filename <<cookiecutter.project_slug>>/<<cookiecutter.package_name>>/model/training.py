"""A fitted predictor from rows, with a simpler estimator to fall back to."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import structlog

from ..config import Config
from ..config.evaluate import Threshold
from ..config.preprocess import Step
from ..errors import ConfigError, DataError, ModelError
from ..runtime.artifacts import sha256_of
from ..runtime.resumable import digest
from ..split.target import Array, Target, Task
from .estimators import ESTIMATORS, at_most, build_estimator, entry
from .fitting import failure, prepare
from .flavors import MODULES, flavor, versions
from .on_disk import OtherRows
from .predictor import PipelinePredictor
from .preprocessing import columns_beside_numbers, preprocessor, sentences
from .rounds import Checkpoint, Report, Rounds

log = structlog.get_logger()

HeldOut = tuple[pl.DataFrame, Array]  # (m, k) features and (m,) class codes, or numbers
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
    batch_rows: int = 0  # training rows in memory, if the others are learned from the disk

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
            batch_rows=config.model.batch_rows,
        )

    def simpler(self) -> "ModelSpec":
        """The fallback, with its own default parameters."""
        return replace(self, estimator=str(self.fallback), params={}, batch_rows=0)


@dataclass(frozen=True)
class Fitted:
    """A trained predictor and the estimator that it was made with."""

    predictor: PipelinePredictor
    estimator: str
    rows: int  # that it learned from
    fell_back: str | None = None  # why, if the configured estimator did not train

    @property
    def flavor(self) -> str:
        """The module of `flavors` that saves and loads it."""
        return entry(self.estimator).flavor


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
    if spec.batch_rows and not MODULES[entry(spec.estimator).flavor].FROM_DISK:
        names = [name for name, known in ESTIMATORS.items() if MODULES[known.flavor].FROM_DISK]
        raise ConfigError(
            f"model.batch_rows is {spec.batch_rows}, but {spec.estimator} cannot learn from rows "
            f"on disk. Set it to 0, or as model.estimator one of {', '.join(names)}.",
            "config.batch_rows",
        )
    refused = columns_beside_numbers(spec.steps) - entry(spec.estimator).takes
    if refused:
        names = [name for name, known in ESTIMATORS.items() if refused <= known.takes]
        raise ConfigError(
            f"{spec.estimator} takes numbers, and conf/preprocess gives it {', '.join(refused)} "
            "too. Choose another preprocess, or as model.estimator and model.fallback of "
            f"{', '.join(names)}.",
            "config.preprocess",
        )
    return build_estimator(spec.estimator, spec.params, task, seed=spec.seed, workers=spec.workers)


def _empty(features: pl.DataFrame) -> list[str]:
    return [name for name in features.columns if features[name].null_count() == features.height]


def fit(
    spec: ModelSpec,
    features: pl.DataFrame,
    target: Target,
    truth: Array,
    *,
    held_out: HeldOut | None = None,
    checkpoint: Path | None = None,
    others: OtherRows | None = None,
) -> Fitted:
    """Train; if training fails, train the fallback, and say so.

    Args:
        features: (n, k) rows; the only ones that preprocessing, and the fallback, learn from.
        truth: (n,) class codes, or numbers.
        held_out: other rows, on which training may stop early.
        checkpoint: a folder from which a killed training of the same goes on.
        others: more rows to learn from, on disk.

    Raises:
        ConfigError: the specification cannot be built.
        DataError: no feature has a value.
        ModelError: preprocessing, or model and fallback, cannot be trained; or not be saved.
    """
    pipeline, y = unfitted(spec, features, target.task), target.labels(truth)
    _check_saving(spec, pipeline, features, y)
    simpler = _estimator(spec.simpler(), target.task) if spec.fallback else None
    _warn(spec, features)
    with at_most(spec.workers):
        prepared = prepare(pipeline[0], features, y)
        stop_on = _to_stop_on((spec.estimator, spec.fallback), pipeline[0], target, y, held_out)
        place = _checkpoint(checkpoint, spec, (features, y), held_out, others)
        rounds = Rounds(stop_on, place, on_disk=others.prepared(pipeline[0]) if others else None)
        error = failure(spec.estimator, pipeline[-1], (prepared, y), rounds)
        rounds.end()
        if error is None:
            return Fitted(PipelinePredictor(pipeline, target), spec.estimator, rounds.rows(len(y)))
        why = _fall_back(spec, simpler, (prepared, y), rounds, error)
    pipeline.steps[-1] = ("model", simpler)
    return Fitted(PipelinePredictor(pipeline, target), str(spec.fallback), len(y), why)


def _fall_back(
    spec: ModelSpec,
    simpler: Any | None,
    rows: tuple[Any, Array],
    rounds: Rounds,
    error: ModelError,
) -> str:
    """Train the fallback on (n, k) prepared rows and (n,) labels; why it is needed, for people."""
    why = f"{spec.estimator} could not be trained: {error.message}"
    if simpler is None:
        raise ModelError(f"{why} Or name a model.fallback.", error.code) from error
    if rounds.on_disk:
        why += f" {spec.fallback} learned from a sample of {len(rows[1]):,} rows."
    log.warning("falling back", fallback=spec.fallback, reason=why)
    without = replace(rounds, checkpoint=None, on_disk=None)
    again = failure(str(spec.fallback), simpler, rows, without, converging=False)
    if again is not None:
        text = f"{why} Its fallback {spec.fallback} could not be trained either: {again.message}"
        raise ModelError(text, "model.training") from again
    return why


def fit_pipeline(
    pipeline: Any,
    spec: ModelSpec,
    features: pl.DataFrame,
    target: Target,
    truth: Array,
    *,
    held_out: HeldOut | None = None,
    report: Report | None = None,
) -> None:
    """Train an ``unfitted`` pipeline on rows as ``fit`` takes them; it may raise anything.

    Args:
        report: told each round of an estimator that learns in rounds, if there are held-out rows.
    """
    y = target.labels(truth)
    prepared = pipeline[0].fit_transform(features, y)
    others = _to_stop_on((spec.estimator,), pipeline[0], target, y, held_out)
    rounds = Rounds(others, report=report if others else None)
    flavor(entry(spec.estimator).flavor).fit(pipeline[-1], prepared, y, rounds)


def learns_in_rounds(estimator: str | None) -> bool:
    """Whether an estimator of this name does; None, which is no estimator, does not."""
    return bool(estimator and flavor(entry(estimator).flavor).IN_ROUNDS)


def _to_stop_on(
    names: Iterable[str | None], steps: Any, target: Target, y: Array, held_out: HeldOut | None
) -> tuple[Any, Array] | None:
    """Prepared rows of known classes; None where no estimator of these names learns in rounds."""
    if held_out is None or not any(map(learns_in_rounds, names)):
        return None
    features, labels = held_out[0], target.labels(held_out[1])
    known = np.isin(labels, y) | (not target.is_classification)
    return (steps.transform(features.filter(known)), labels[known]) if known.any() else None


def _checkpoint(
    folder: Path | None,
    spec: ModelSpec,
    rows: tuple[pl.DataFrame, Array],
    held_out: HeldOut | None,
    others: OtherRows | None,
) -> Checkpoint | None:
    """Of the question that all of this asks; None without a folder."""
    if folder is None:
        return None
    parts = [
        part
        for features, truth in filter(None, (rows, held_out))
        for part in (features.hash_rows(seed=0).to_numpy().tobytes(), truth.tobytes())
    ]
    digests = [hashlib.sha256(part).hexdigest() for part in parts]
    if others:
        digests.append(sha256_of(others.file))
    asked = digest(repr(spec), versions(entry(spec.estimator).flavor), digests)
    return Checkpoint(folder, asked)


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
    check = flavor(entry(spec.estimator).flavor).check
    check(pipeline, spec.own)
    if not spec.own:  # what we ship was seen to be saved
        return
    from sklearn.base import clone

    few = slice(None, None, max(features.height // TRIED, 1))
    try:
        trial = clone(pipeline).fit(features[few], y[few])
    except Exception:  # too few rows for it, perhaps: training itself will say
        return
    check(trial, spec.own)
