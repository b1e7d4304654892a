"""Paired tests and intervals of a bake on simulated truth; prints one JSON object.

`python simulated_truth.py PACKAGE REPEATS TESTS POWER` runs inside of the bake: so many pairs of
equal models a test, so many test sets an interval, so many pairs a point of a power curve. Rows are
of 31 days. In clusters the rows of a day share what happens and how far each model is off, which
makes the variance of a gain about twenty times that of independent rows.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing import Pool
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

Array = Any  # of numpy, which the types of this folder do not know
LEVEL, RESAMPLES, FOLDS, THRESHOLD = 0.05, 200, 5, 0.4
DAYS, ROWS = 31, 60
COVERED_DAYS = 61  # intervals of squares of heavy tails hold 93 % of few days, 95 % of many
POWER_DAYS = (15, 31, 61, 122, 244)
WORSE = 0.5  # by what share the second model of a power curve is further off
KINDS = {  # rows share a day or nothing, and are tested by it or by the row
    "clusters, by day": (True, True),
    "independent, by row": (False, False),
    "independent, by day": (False, True),
    "clusters, by row": (True, False),  # the wrong unit
}


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


class Sample(NamedTuple):
    """Rows with their truth and two models' answers, all of shape (n,)."""

    day: Array
    truth: Array  # 0 and 1
    chances: tuple[Array, Array]  # of 1, by each model
    amount: Array  # a quantity
    guesses: tuple[Array, Array]


def sample(seed: int, *, clusters: bool, days: int = DAYS, worse: float = 0.0) -> Sample:
    """Test rows of so many days; the second model is further off by the share `worse`."""
    rng = np.random.default_rng([seed, clusters, days])
    day = np.repeat(np.arange(days), ROWS)
    shared = day if clusters else np.arange(day.size)
    weather, first, second = rng.normal(size=(3, shared[-1] + 1))[:, shared]
    chances = [sigmoid(0.7 * weather + off - 1) for off in (first, (1 + worse) * second)]
    truth = (rng.random(day.size) < sigmoid(2.5 * weather - 1)).astype(np.float64)
    amount = weather + rng.normal(scale=1.25, size=day.size)
    return Sample(day, truth, (chances[0], chances[1]), amount, (first, (1 + worse) * second))


def sigmoid(logits: Array) -> Array:
    """The chance that belongs to a logit."""
    return 1 / (1 + np.exp(-logits))


def units(rows: Sample, *, by_day: bool) -> Any:
    """The rows' days, or the rows themselves, as the package takes them."""
    name, codes = ("day", rows.day) if by_day else ("row", np.arange(rows.day.size))
    return ours("split.units").Units(name, codes)


def predictions(chance: Array) -> Any:
    """A classifier's answers, as the package takes them."""
    outputs = np.column_stack([1 - chance, chance])
    predicted = (chance >= THRESHOLD).astype(np.float64)
    return ours("model.metric").Predictions(outputs, predicted)


def target(task: str) -> Any:
    """The target of the simulated rows."""
    split = ours("split.target")
    return split.Target("y", split.Task(task), () if task == "regression" else (0, 1))


def _brier(_: Any, truth: Array, predicted: Any) -> float:
    return float(np.mean((predicted.outputs[:, 1] - truth) ** 2))


def _roc_auc(_: Any, truth: Array, predicted: Any) -> float:
    ranks, positive = rankdata(predicted.outputs[:, 1]), truth == 1
    number = positive.sum()
    if number in (0, truth.size):
        return float("nan")
    wins = ranks[positive].sum() - number * (number + 1) / 2
    return float(wins / (number * (truth.size - number)))


def _f1(_: Any, truth: Array, predicted: Any) -> float:
    both = truth.sum() + predicted.answers.sum()
    return float(2 * (truth * predicted.answers).sum() / both) if both else 0.0


def _log_loss(_: Any, truth: Array, predicted: Any) -> float:
    return float(
        -np.log(np.where(truth == 1, predicted.outputs[:, 1], predicted.outputs[:, 0])).mean()
    )


def _rmse(_: Any, truth: Array, predicted: Any) -> float:
    return float(np.sqrt(np.mean((truth - predicted.answers) ** 2)))


FAST = {  # the package's metrics without scikit-learn's checks, which take ten times as long
    "brier": _brier,
    "roc_auc": _roc_auc,
    "f1": _f1,
    "log_loss": _log_loss,
    "root_mean_squared_error": _rmse,
}


def metric(name: str) -> Any:
    """A metric of the package with a faster function."""
    known = ours("model.metrics").METRICS[name]
    fields = (known.name, known.needs, known.tasks, known.greater_is_better)
    return ours("model.metric").Metric(*fields, FAST[name])


def check_fast_metrics() -> None:
    """Raise ValueError where a faster function says something else than the package's."""
    for seed in range(5):
        rows = sample(seed, clusters=True)
        for name in FAST:
            kind = "regression" if name.startswith("root") else "binary"
            truth, predicted = _tested(rows, kind)
            values = [
                one(target(kind), truth, predicted)
                for one in (metric(name), ours("model.metrics").METRICS[name])
            ]
            if not np.isclose(*values, rtol=1e-9):
                raise ValueError(f"{name}: {values}")


def _tested(rows: Sample, kind: str) -> tuple[Array, Any]:
    """The truth, and what the first model says."""
    if kind == "binary":
        return rows.truth, predictions(rows.chances[0])
    guess = rows.guesses[0]
    return rows.amount, ours("model.metric").Predictions(guess, guess)


def rejections(seed: int, *, clusters: bool, by_day: bool, **options: Any) -> dict[str, float]:
    """Which tests say that two models differ (1 or 0), and the gain's design effect."""
    rows = sample(seed, clusters=clusters, **options)
    predicted, of_rows = [predictions(one) for one in rows.chances], units(rows, by_day=by_day)
    drawn = {"units": of_rows, "resamples": RESAMPLES, "seed": seed}
    intervals, tests = ours("evaluate.intervals"), ours("evaluate.significance")
    pair = [
        intervals.replicate(metric("brier"), target("binary"), rows.truth, one, **drawn)
        for one in predicted
    ]
    compared = ours("evaluate.paired").compare(*pair, level=LEVEL, seed=seed)
    right = [one.answers == rows.truth for one in predicted]
    area = tests.delong(rows.truth, *rows.chances, of_rows, level=LEVEL)
    p_values = {
        "sign-flip": compared.p_value,
        "McNemar": tests.mcnemar(*right, of_rows, level=LEVEL, seed=seed).p_value,
        "DeLong": area.p_value,
    }
    outside = not compared.interval.low <= 0 <= compared.interval.high
    return {
        "bootstrap": float(outside),
        **{name: float(p_value < LEVEL) for name, p_value in p_values.items()},
        "design effect": compared.precision.design_effect,
    }


def over_folds(
    seed: int, *, clusters: bool, by_day: bool, days: int = DAYS, worse: float = 0.0
) -> dict[str, float]:
    """Whether the corrected t test tells two ways to train apart, which learn other columns.

    The columns of the second say less about the truth by the share `worse`.
    """
    rng = np.random.default_rng([seed, clusters, by_day, days])
    day = np.repeat(np.arange(days), ROWS)
    shared = day if clusters else np.arange(day.size)
    columns = rng.normal(size=(6, shared[-1] + 1))[:, shared].T
    weights = np.repeat([1, 1 - worse], 3)
    truth = columns @ weights + rng.normal(size=day.size)
    dealt = day if by_day else np.arange(day.size)
    fold = (rng.permutation(dealt[-1] + 1) % FOLDS)[dealt]
    errors = [
        [_error(half, truth, fold == number) for number in range(FOLDS)]
        for half in (columns[:, :3], columns[:, 3:])
    ]
    gains = np.subtract(errors[1], errors[0])
    result = ours("evaluate.significance").corrected_t(gains, 1 / (FOLDS - 1), level=LEVEL)
    return {"corrected t": float(result.p_value < LEVEL)}


def _error(columns: Array, truth: Array, held_out: Array) -> float:
    """The squared error, on rows that are held out, of a line that is fitted to the others."""
    known, predicted = columns[~held_out], truth[~held_out]
    line = np.linalg.solve(known.T @ known, known.T @ predicted)
    return float(np.mean((truth[held_out] - columns[held_out] @ line) ** 2))


def covered(seed: int, *, clusters: bool, by_day: bool, truths: dict[str, float]) -> Any:
    """Which intervals hold the true value (1 or 0)."""
    rows = sample(seed, clusters=clusters, days=COVERED_DAYS)
    drawn = {"units": units(rows, by_day=by_day), "resamples": RESAMPLES, "seed": seed}
    inside: dict[str, bool] = {}
    for kind, names in (("binary", list(truths)[:-1]), ("regression", list(truths)[-1:])):
        chosen = [metric(name) for name in names]
        bounds = ours("evaluate.intervals").intervals(
            chosen, target(kind), *_tested(rows, kind), level=LEVEL, **drawn
        )
        inside |= {name: bounds[name].low <= truths[name] <= bounds[name].high for name in names}
    return {name: float(value) for name, value in inside.items()}


def true_values() -> dict[str, float]:
    """Each metric on a million rows that share nothing: rows in clusters have the same ones."""
    rows, values = sample(0, clusters=False, days=1_000_000 // ROWS), {}
    for name in ("roc_auc", "f1", "log_loss", "root_mean_squared_error"):
        kind = "regression" if name.startswith("root") else "binary"
        values[name] = metric(name)(target(kind), *_tested(rows, kind))
    return values


def averages(pool: Any, job: Callable[[int], dict[str, float]], repeats: int) -> dict[str, float]:
    """The mean of each figure over so many seeds; of design effects the median."""
    drawn: Iterable[dict[str, float]] = pool.map(job, range(1, repeats + 1), chunksize=10)
    columns: dict[str, list[float]] = {}
    for one in drawn:
        for name, value in one.items():
            columns.setdefault(name, []).append(value)
    middle = {name: np.median if name == "design effect" else np.mean for name in columns}
    return {name: float(middle[name](column)) for name, column in columns.items()}


def main() -> None:
    """Simulate in two processes, and print what came out."""
    repeats, tests, pairs = map(int, sys.argv[2:5])
    check_fast_metrics()
    errors: dict[str, dict[str, float]] = {}
    power: dict[str, dict[str, float]] = {}
    coverage: dict[str, dict[str, float]] = {}
    truths = true_values()
    with Pool(2) as pool:
        for kind, (clusters, by_day) in KINDS.items():
            options = {"clusters": clusters, "by_day": by_day}
            wrong = clusters and not by_day  # it fails so clearly that fewer are enough
            number = max(repeats // 4, 20) if wrong else repeats
            errors[kind] = averages(pool, partial(rejections, **options), number)
            errors[kind] |= averages(pool, partial(over_folds, **options), number)
            if kind != "independent, by day":
                number = max(tests // 4, 20) if wrong else tests
                coverage[kind] = averages(pool, partial(covered, truths=truths, **options), number)
        for days in POWER_DAYS:
            options = {"clusters": True, "by_day": True}
            shares: dict[str, float] = {}
            for job in (rejections, over_folds):
                shares |= averages(pool, partial(job, days=days, worse=WORSE, **options), pairs)
            power[str(days)] = shares
    print(json.dumps({"errors": errors, "coverage": coverage, "power": power}))


if __name__ == "__main__":
    sys.path.insert(0, ".")
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main()
