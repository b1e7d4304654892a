"""What a model adds to its predictor, checked on test rows: threshold, calibration, conformal."""

from dataclasses import asdict, replace
from math import sqrt
from typing import Any

import numpy as np

from ..config.evaluate import Threshold
from ..model.conformal import Conformal
from ..model.contract import Contract
from ..model.metric import Metric, Predictions
from ..model.metrics import CLASSIFICATION, METRICS
from ..model.reliability import reliability_gaps
from ..split.target import Array, Target, Task
from .evidence import Evidence
from .intervals import Interval

Checked = tuple[dict[str, Any], list[str]]  # figures for reports/metrics.json, and warnings


def check_adjustments(
    contract: Contract, aim: Threshold, evidence: Evidence, raw: Array | None
) -> dict[str, Any]:
    """What of ``threshold``, ``calibration`` and ``conformal`` the model has, and ``warnings``.

    Args:
        contract: the model's.
        aim: what its threshold was chosen for.
        evidence: n test rows.
        raw: (n, k) probabilities before calibration, if there is one.
    """
    checked: dict[str, Any] = {}
    warnings: list[str] = []
    if contract.threshold is not None:
        checked["threshold"], warnings = check_threshold(aim, contract.threshold, evidence)
    if contract.target.is_classification:
        method = "none" if contract.calibration is None else contract.calibration.method
        checked["calibration"] = {"method": method} | check_calibration(evidence, raw)
    if contract.conformal is not None:
        checked["conformal"], more = check_conformal(contract.conformal, evidence)
        warnings += more
    return checked | {"warnings": warnings}


def check_threshold(aim: Threshold, threshold: float, evidence: Evidence) -> Checked:
    """What the answers of a binary model reach, with intervals."""
    wanted = [METRICS["precision"], METRICS["recall"], METRICS["f1"]]
    if aim.aim == "cost":
        wanted.append(_cost(aim))
    values = {metric.name: evidence.value(metric) for metric in wanted}
    bounds, warnings = evidence.intervals(wanted), []
    high = bounds["precision"].high
    if aim.at_least is not None and high is not None and high < aim.at_least:
        warnings.append(
            f"the precision on test rows is {values['precision']:.3f}, and with its interval below "
            f"the {aim.at_least:g} that the threshold was chosen for"
        )
    intervals = {name: asdict(bound) for name, bound in bounds.items()}
    return {"value": threshold, "aim": str(aim), **values, "interval": intervals}, warnings


def _cost(aim: Threshold) -> Metric:
    """The mean cost of a row's answer."""
    false_positive, false_negative = aim.false_positive or 0.0, aim.false_negative or 0.0

    def cost(_: Target, truth: Array, predictions: Predictions) -> float:
        alarm, missed = predictions.answers > truth, predictions.answers < truth
        return float((false_positive * alarm + false_negative * missed).mean())

    return Metric("cost", "classes", frozenset({Task.BINARY}), False, cost)


def check_calibration(evidence: Evidence, raw: Array | None) -> dict[str, Any]:
    """How far probabilities are from what happens; and were, before calibration.

    Args:
        evidence: n test rows.
        raw: (n, k) probabilities before calibration, if there is one.
    """
    facts = _calibration_error(evidence)
    if raw is not None:
        before = Predictions(raw, evidence.predictions.answers)
        facts["before"] = _calibration_error(replace(evidence, predictions=before))
    return facts


def _calibration_error(evidence: Evidence) -> dict[str, Any]:
    """``expected_error``, which everybody knows and chance makes larger; ``error``, without that.

    Predicted and observed shares differ by chance, too, so that even true probabilities have an
    expected error above zero. What chance adds to a squared error is what drawing the rows again
    adds once more, so it is taken off (Kumar, Liang, Ma 2019; basic bootstrap: Davison, Hinkley
    1997, 5.2).
    """
    squared = Metric("squared_calibration_error", "probabilities", CLASSIFICATION, False, _squared)
    replicates = evidence.replicate(squared)
    whole, bound = replicates.whole, replicates.interval(evidence.level)
    if bound.low is not None and bound.high is not None:
        low, high = 2 * whole - bound.high, max(2 * whole - bound.low, whole)
        bound = Interval(_root(low), _root(high))
    return {
        "expected_error": evidence.value(METRICS["calibration_error"]),
        "error": _root(2 * whole - float(replicates.resampled.mean())),
        "interval": asdict(bound),
    }


def _root(squared: float) -> float:
    return sqrt(max(squared, 0.0))


def _squared(target: Target, truth: Array, predictions: Predictions) -> float:
    gaps, sizes = reliability_gaps(target, truth, predictions.outputs)
    return float(np.average(gaps**2, weights=sizes))


def check_conformal(conformal: Conformal, evidence: Evidence) -> Checked:
    """The share of rows whose set or interval holds the truth, and how large these are."""

    def share(target: Target, truth: Array, predictions: Predictions) -> float:
        return float(conformal.covered(target, predictions.outputs, truth).mean())

    metric = Metric("coverage", "probabilities", frozenset(Task), True, share)
    coverage, bound = evidence.value(metric), evidence.intervals([metric])["coverage"]
    facts: dict[str, Any] = {
        "aim": 1 - conformal.level,
        "coverage": coverage,
        "interval": asdict(bound),
        "unit": conformal.unit,
        "units": conformal.units,
    }
    if evidence.target.is_classification:
        sizes = conformal.members(evidence.predictions.outputs).sum(axis=1)
        facts |= {"mean_size": float(sizes.mean()), "empty": float((sizes == 0).mean())}
    else:
        facts["width"] = 2 * conformal.quantile
    return facts, _coverage_warnings(conformal, coverage, bound)


def _coverage_warnings(conformal: Conformal, coverage: float, bound: Interval) -> list[str]:
    aim, slack = 1 - conformal.level, 1 / (conformal.units + 1)  # what few units add by design
    if bound.low is None or bound.high is None:
        return []
    held = f"{coverage:.1%} of the test rows ({bound.low:.1%} to {bound.high:.1%})"
    if bound.high < aim:
        return [f"conformal answers hold the truth of only {held}, and {aim:.4g} was asked for"]
    if bound.low > aim + slack:
        return [f"conformal answers hold the truth of {held}, more than the {aim:.4g} asked for"]
    return []
