"""XGBoost: trees in its own file format, preprocessing in one of skops.

A training that was killed goes on to the same model. The state of XGBoost's random numbers cannot
be saved, so one that samples rows or columns is cut into parts, each with a seed of its own; a
checkpoint stands between two of them. Each part computes anew what the trees before it answer, so
parts grow.
"""

import json
from collections.abc import Collection
from itertools import count, takewhile
from math import isfinite
from pathlib import Path
from typing import Any

from ...runtime.artifacts import scratch
from ...runtime.progress import Step, progress
from ...split.target import Array, Target
from ..rounds import Rounds, diverged
from . import parts
from .external_memory import Learn, from_disk

TREES, PARAMS = "model.ubj", "params.json"
LIBRARIES = ("xgboost", "scikit-learn", "skops", "numpy", "polars")
STOPPING = "stopping.json"  # of a checkpoint
SAMPLING = ("subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode")
FIRST_PART = 500  # rounds of a training that samples
IN_ROUNDS = True
THREAD_SAFE = True
FROM_DISK = True
LOSS_PARAMS = (
    *("objective", "eval_metric", "scale_pos_weight", "quantile_alpha", "expectile_alpha"),
    *("huber_slope", "tweedie_variance_power"),
)
GAINS = ("auc", "pre", "map", "ndcg")  # how the metrics begin of which more is better
check = parts.check


def fit(estimator: Any, x: Any, y: Array, rounds: Rounds) -> None:
    """Train round by round; with ``early_stopping_rounds``, until held-out rows gain no more."""
    if rounds.on_disk is None:
        _fit(estimator, _in_memory(estimator, x, y, rounds), rounds)
        return
    with scratch(rounds.on_disk.scratch) as folder:
        try:
            _fit(estimator, from_disk(estimator, x, y, rounds, folder), rounds)
        except BaseException as error:
            error.__traceback__ = None  # its frames hold the pages in the folder
            raise


def _fit(estimator: Any, learn: Learn, rounds: Rounds) -> None:
    params = estimator.get_params()
    folder = rounds.checkpoint.read() if rounds.checkpoint else None
    trees: Any = str(folder / TREES) if folder else None
    done = _rounds_of(trees) if trees else 0
    stopping = _early_stopping(params["early_stopping_rounds"], rounds, folder)
    total = params["n_estimators"] or 100
    try:
        with progress("train", total, "rounds") as step:
            step(done)
            for end in _ends(params, total):
                if end <= done:
                    continue
                each = _each_round(done, params, rounds, stopping, step)
                _set(
                    estimator,
                    n_estimators=end - done,
                    random_state=(params["random_state"] or 0) + done,
                    early_stopping_rounds=None,
                    callbacks=[stopping, each] if stopping else [each],
                )
                trees, done = learn(trees), end
                if trees.num_boosted_rounds() < end:  # it stopped early
                    break
        if isinstance(trees, str):  # it was killed after its last round
            estimator.load_model(trees)
        elif rounds.on_disk:
            estimator.load_model(bytearray(trees.save_raw("ubj")))
    finally:
        _set(estimator, **params)  # those of a part, and what loading takes from the trees


def _set(estimator: Any, **params: Any) -> None:
    """As ``set_params``, but trained trees are left alone: they take no lists of parameters."""
    vars(estimator).update(params)


def _in_memory(estimator: Any, x: Any, y: Array, rounds: Rounds) -> Learn:
    held_out = [rounds.held_out] if rounds.held_out else None

    def learn(trees: Any) -> Any:
        estimator.fit(x, y, eval_set=held_out, xgb_model=trees, verbose=False)
        return estimator.get_booster()

    return learn


def _samples(params: dict[str, Any]) -> bool:
    return any((params[name] or 1.0) < 1.0 for name in SAMPLING)


def _ends(params: dict[str, Any], total: int) -> list[int]:
    """The numbers of rounds after which a part of the training ends."""
    parts = takewhile(lambda end: end < total, (FIRST_PART * 2**i for i in count()))
    return [*parts, total] if _samples(params) else [total]


def _rounds_of(file: str) -> int:
    from xgboost import Booster

    return int(Booster(model_file=file).num_boosted_rounds())


def _early_stopping(patience: int | None, rounds: Rounds, checkpoint: Path | None) -> Any:
    """The callback of XGBoost, as far as it was at the checkpoint; None without rows to stop on."""
    from xgboost.callback import EarlyStopping

    if patience is None or rounds.held_out is None:
        return None
    stopping = EarlyStopping(rounds=patience)
    if checkpoint:
        vars(stopping).update(json.loads((checkpoint / STOPPING).read_text(encoding="utf-8")))
    return stopping


def _each_round(
    done: int, params: dict[str, Any], rounds: Rounds, stopping: Any, step: Step
) -> Any:
    """The callback that writes checkpoints and reports, in a part that begins after ``done``."""
    from xgboost.callback import TrainingCallback

    total = params["n_estimators"] or 100
    last = next(end for end in _ends(params, total) if end > done)

    class EachRound(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            number = done + epoch + 1
            step()
            losses = [_loss(*metric) for sets in evals_log.values() for metric in sets.items()]
            if losses and not isfinite(losses[-1]):
                raise diverged(number, losses[-1])
            if rounds.checkpoint and (number == last or not _samples(params)):
                rounds.checkpoint.write(lambda folder: _write(folder, model, stopping))
            if rounds.report and losses:
                rounds.report(number, total, losses[-1])
            return False

    return EachRound()


def _loss(metric: str, values: list[float]) -> float:
    """The last of a metric's values, less is better, by the names that XGBoost itself goes by."""
    gains = metric.startswith(GAINS) and metric != "mape"
    return -values[-1] if gains else values[-1]


def _write(folder: Path, model: Any, stopping: Any) -> None:
    names = ("stopping_history", "best_scores", "current_rounds", "maximize")
    model.save_model(str(folder / TREES))
    state = {name: getattr(stopping, name) for name in names} if stopping else {}
    (folder / STOPPING).write_text(json.dumps(state), encoding="utf-8")


def save(pipeline: Any, folder: Path, own: Collection[str]) -> None:
    """Write preprocessing, trees and the estimator's parameters to a folder.

    Raises:
        ModelError: preprocessing holds a type that is not trusted.
    """
    parts.save(pipeline, folder / PARAMS, own)
    pipeline[-1].save_model(str(folder / TREES))


def load(folder: Path, target: Target, own: Collection[str]) -> Any:
    """The pipeline that ``save`` wrote.

    Raises:
        ModelError: a file is missing or broken, or holds a type that is not trusted.
    """

    def fill(estimator: Any) -> None:
        estimator.load_model(str(folder / TREES))

    return parts.load(folder / PARAMS, "xgboost", target, own, fill=fill)
