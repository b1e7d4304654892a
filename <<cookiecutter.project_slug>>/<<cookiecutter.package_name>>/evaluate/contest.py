"""Several models on the same test rows: each beside the first, by every metric."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..errors import DataError
from ..model.metric import Metric, Predictions
from ..split.target import Array, Target, Task
from .intervals import Replicates, replicate
from .paired import Comparison, compare
from .significance import delong, holm, mcnemar
from .units import Units

TRUTH, UNIT = "truth", "unit"  # columns of reports/test_predictions.parquet beside the answers


@dataclass(frozen=True)
class Entrant:
    """A model's answers to its test rows, as `evaluate` wrote them."""

    name: str  # for people: an experiment, a branch, a commit
    target: Target
    key: str
    rows: pl.DataFrame  # key, the answers, TRUTH, UNIT; sorted by the key


@dataclass(frozen=True)
class Result:
    """One model beside the first, on n rows."""

    name: str
    comparisons: dict[str, Comparison]  # by metric; this model is the first of each
    adjusted: float | None  # p-value of the deciding metric, for as many models (Holm)
    tests: dict[str, float]  # p-values of the classical tests that fit the task, by name


def check_same_rows(entrants: list[Entrant]) -> None:
    """Refuse models that were tested on different rows.

    Raises:
        DataError: says how many rows they share.
    """
    first = entrants[0]
    for other in entrants[1:]:
        names = f"{first.name} and {other.name}"
        if (first.target, first.key) != (other.target, other.key):
            raise DataError(
                f"{names} do not answer the same question: they have other targets or keys. "
                "Compare models of one table.",
                "data.other_target",
            )
        keys, others = first.rows[first.key], other.rows[first.key]
        if keys.dtype == others.dtype and keys.equals(others):
            if first.rows[TRUTH].equals(other.rows[TRUTH]):
                continue
            raise DataError(
                f"{names} were tested on rows of the same keys with different truths: the data "
                "changed between them. Run one of them again on the data of the other.",
                "data.other_truth",
            )
        shared = 0
        if keys.dtype == others.dtype:
            shared = int(keys.is_in(others.implode()).sum())
        raise DataError(
            f"{names} were tested on different rows: {len(keys):,} and {len(others):,}, of which "
            f"they share {shared:,}. Run them again on the same data and split (split.seed).",
            "data.other_rows",
        )


def contest(
    entrants: list[Entrant], metrics: list[Metric], *, resamples: int, level: float, seed: int
) -> list[Result]:
    """Each model but the first beside the first, on the rows that all of them were tested on.

    Args:
        entrants: of the same rows, see ``check_same_rows``; the first is what others are held to.
        metrics: the first one decides, and its p-values are adjusted.
        resamples: of the intervals.
        level: of intervals and tests.
        seed: of all that is drawn.
    """
    first, target = entrants[0], entrants[0].target
    truth = target.encode(first.rows[TRUTH])
    units = _units(first.rows[UNIT])
    drawn: dict[str, Any] = {"units": units, "resamples": resamples, "seed": seed}

    def replicates(entrant: Entrant) -> list[Replicates]:
        predictions = Predictions(*target.from_frame(entrant.rows))
        return [replicate(one, target, truth, predictions, **drawn) for one in metrics]

    held_to = replicates(first)
    results = []
    for other in entrants[1:]:
        pairs = zip(replicates(other), held_to, strict=True)
        compared = [compare(*pair, level=level, seed=seed) for pair in pairs]
        by_metric = {one.metric: one for one in compared}
        results.append(Result(other.name, by_metric, None, _classical(other, first, truth, units)))
    return _adjusted(results, metrics[0].name)


def _adjusted(results: list[Result], deciding: str) -> list[Result]:
    p_values = {
        str(number): np.nan if (p := result.comparisons[deciding].p_value) is None else p
        for number, result in enumerate(results)
    }
    adjusted = [value if np.isfinite(value) else None for value in holm(p_values).values()]
    return [replace(r, adjusted=value) for r, value in zip(results, adjusted, strict=True)]


def _classical(one: Entrant, other: Entrant, truth: Array, units: Units) -> dict[str, float]:
    """P-values of the tests that people know by name; none of a regression."""
    target = one.target
    if not target.is_classification:
        return {}
    (outputs, answers), (others, other_answers) = map(
        target.from_frame, (one.rows, other.rows)
    )
    tests = {"McNemar (accuracy)": mcnemar(answers == truth, other_answers == truth, units)}
    if target.task is Task.BINARY and np.unique(truth).size == 2:
        tests["DeLong (roc_auc)"] = delong(truth, outputs[:, 1], others[:, 1], units)
    return tests


def _units(labels: pl.Series) -> Units:
    codes = labels.rank("dense").cast(pl.Int64).to_numpy() - 1
    return Units(labels.name, codes)

