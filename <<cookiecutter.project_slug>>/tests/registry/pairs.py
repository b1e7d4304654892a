"""Pairs of models that the gate judges."""

from dataclasses import replace

import polars as pl

from <<cookiecutter.package_name>>.evaluate.intervals import (
    Interval,
    Precision,
)
from <<cookiecutter.package_name>>.evaluate.paired import Comparison
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.registry.budget import Challenge
from <<cookiecutter.package_name>>.registry.gate import (
    Candidate,
    Decision,
    Rules,
    challenge,
)
from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.split.splits import (
    Splits,
    SplitSpec,
    split,
)
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import units

from ..models import LATE, model, spec


def dealt(rows: pl.DataFrame, seed: int = 1) -> Splits:
    return split(rows, SplitSpec("stratified", LATE, "id", seed=seed), validation=0.1, test=0.2)


def trained(parts: Splits, target: Target = LATE, *, without: str = "origin") -> Candidate:
    """A model of the training rows, which have one column less, and of the validation rows."""
    estimator = spec("ridge" if target.task is Task.REGRESSION else "logistic")
    learner = model(parts.train.drop(without), estimator, target)
    learned = digests(pl.concat([parts.train["id"], parts.validation["id"]]))
    return Candidate("version 1", replace(learner, learned_keys=learned))


def verdict(
    challenger: Candidate,
    champion: Candidate,
    rows: pl.DataFrame,
    *,
    min_rows: int = 50,
    unit: str = "day",
    metric: str = "brier",
    margin: float = 0.0,
    earlier: tuple[Challenge, ...] = (),
) -> Decision:
    of_rows = units(rows, unit, group=None, time="departure")
    rules = Rules(METRICS[metric], min_rows, resamples=50, level=0.05, seed=1, margin=margin)
    return challenge(challenger, champion, rows, of_rows, rules, earlier=earlier)


def changed(candidate: Candidate, **contract: object) -> Candidate:
    """The same model, whose contract says something else."""
    changes = replace(candidate.model.contract, **contract)
    return replace(candidate, model=replace(candidate.model, contract=changes))


def compared(
    gain: float | None,
    p_value: float | None,
    more_units: int | None = None,
    *,
    margin: float = 0.0,
) -> Comparison:
    precision = Precision("day of departure", 31, 30.5, 5000, 19.0)
    interval = Interval(reason="left out")
    return Comparison(
        *("roc_auc", 0.7, 0.7, gain, interval, p_value, precision, more_units),
        reason="all is undefined",
        margin=margin,
    )
