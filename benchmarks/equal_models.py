"""Pairs of simulated models, judged by a bake's own gate; prints one JSON object.

`python equal_models.py PACKAGE PAIRS` runs inside of the bake. Rows are of 31 days. In clusters,
the rows of a day share what happens (the weather) and how far each model is off; independent rows
share nothing. The models of a pair are equally good, or the first is better.
"""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import ttest_rel

DAYS, ROWS, OFF, LEVEL = 31, 100, 0.7, 0.05
METRICS = ("roc_auc", "average_precision", "log_loss", "brier", "accuracy", "f1")


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


def binary() -> Any:
    """The target of the simulated rows."""
    target = ours("split.target")
    return target.Target("late", target.Task.BINARY, (0, 1))


def table(rng: np.random.Generator, *, clusters: bool, better: float) -> pl.DataFrame:
    """Rows with the truth and the two models' probabilities.

    `better` is by what share the first model is less far off than the second.
    """
    day = np.repeat(np.arange(DAYS), ROWS)
    shared = day if clusters else np.arange(day.size)
    weather, first, second = rng.normal(size=(3, shared.max() + 1))[:, shared]
    start = datetime(2013, 5, 1, 12)
    return pl.DataFrame(
        {
            "id": np.arange(day.size),
            "departure": [start + timedelta(days=int(number)) for number in day],
            "late": (rng.random(day.size) < _probability(1.1 * weather - 1)).astype(np.int64),
            "first": _probability(OFF * (1 - better) * first - 1),
            "second": _probability(OFF * second - 1),
        }
    )


def _probability(logits: Any) -> Any:
    return 1 / (1 + np.exp(-logits))


def candidate(column: str) -> Any:
    """A model that answers with a column, as the gate takes it."""
    target = binary()
    contract = SimpleNamespace(
        target=target,
        key="id",
        threshold=0.5,
        keys=lambda rows: rows["id"],
        truth=lambda rows: target.encode(rows["late"]),
    )
    model = SimpleNamespace(
        contract=contract,
        learned_keys=np.array([], np.uint64),
        outputs=lambda rows: np.column_stack([1 - rows[column], rows[column]]),
    )
    return ours("registry.gate").Candidate(column, model)


def judged(rows: pl.DataFrame, unit: str) -> dict[str, float]:
    """What the gate says of the first model, which asks to take the second's place."""
    units = ours("split.units").units(rows, unit, group=None, time="departure")
    brier = ours("model.metrics").METRICS["brier"]
    rules = ours("registry.gate").Rules(brier, 200, resamples=100, level=LEVEL, seed=1)
    pair = candidate("first"), candidate("second")
    decision = ours("registry.gate").challenge(*pair, rows, units, rules)
    compared = decision.comparison
    return {
        "promoted": float(decision.verdict == "promote"),
        "zero outside": float(not compared.interval.low <= 0 <= compared.interval.high),
        "design effect": compared.precision.design_effect,
    }


def by_plain_t(rows: pl.DataFrame) -> dict[str, float]:
    """What a paired t test of the rows' squared errors says, which takes them as independent."""
    losses = [(rows[column] - rows["late"]).to_numpy() ** 2 for column in ("first", "second")]
    result = ttest_rel(*losses)
    return {"promoted": float(result.pvalue < LEVEL and result.statistic < 0)}


def shares(pairs: int) -> Iterator[tuple[str, dict[str, float]]]:
    """The mean of each figure (the median design effect), by kind of rows, pair and unit."""
    for kind, clusters, better in (
        ("clusters, equal", True, 0.0),
        ("clusters, better", True, 0.8),
        ("independent, equal", False, 0.0),
        ("independent, better", False, 0.8),
    ):
        rng, results = np.random.default_rng(0), dict[str, list[dict[str, float]]]()
        for _ in range(pairs if better == 0 else max(pairs // 5, 10)):
            rows = table(rng, clusters=clusters, better=better)
            for unit in ("auto", "row"):
                results.setdefault(unit, []).append(judged(rows, unit))
            results.setdefault("plain t", []).append(by_plain_t(rows))
        for unit, drawn in results.items():
            columns = {name: [one[name] for one in drawn] for name in drawn[0]}
            average = {name: float(np.mean(column)) for name, column in columns.items()}
            if "design effect" in columns:  # a few days that happen to be far off draw the mean
                average["design effect"] = float(np.median(columns["design effect"]))
            yield f"{kind}, {unit}", average


def cost() -> float:
    """Seconds of all that evaluate says of six metrics over those of 200 evaluations of each."""
    rows = pl.concat([table(np.random.default_rng(s), clusters=True, better=0) for s in range(3)])
    rows, target = rows.head(8000), binary()
    of, truth = ours("evaluate.intervals"), target.encode(rows["late"])
    model, constant = (_said(target, rows[name]) for name in ("first", "second"))
    first, *others = ours("model.metrics").metrics(list(METRICS), target)
    drawn = {
        "units": ours("split.units").units(rows, "auto", group=None, time="departure"),
        "resamples": 200,
        "seed": 1,
    }
    first(target, truth, model)  # its import is no part of it
    start = time.process_time()
    of.intervals(others, target, truth, model, level=LEVEL, **drawn)
    both = [of.replicate(first, target, truth, said, **drawn) for said in (model, constant)]
    ours("evaluate.paired").compare(*both, level=LEVEL, seed=1)
    middle = time.process_time()
    for _ in range(200):
        for metric in (first, *others):
            metric(target, truth, model)
    return (middle - start) / (time.process_time() - middle)


def _said(target: Any, chance: pl.Series) -> Any:
    outputs = np.column_stack([1 - chance, chance])
    return ours("model.metrics").Predictions(outputs, target.answers(outputs, 0.4))


if __name__ == "__main__":
    sys.path.insert(0, ".")
    print(json.dumps({"shares": dict(shares(int(sys.argv[2]))), "cost": cost()}))
