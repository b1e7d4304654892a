"""What people read of a search: the report, its warnings, and rows for plots."""

from typing import Any

from ..model.metric import Metric
from .objective import Space
from .results import Search, Trial
from .space import edge_warnings

NOT_TUNED: dict[str, Any] = {"method": "none", "warnings": []}
Rows = list[dict[str, Any]]


def report(search: Search, estimator: str, space: Space) -> dict[str, Any]:
    """The report of a search that has a best trial."""
    best = search.best
    assert best is not None  # noqa: S101 - search raises otherwise
    front = [
        {"trial": trial.number, "params": trial.params, "values": trial.values}
        for trial in search.trials
        if trial.on_front
    ]
    return {
        "method": "optuna",
        "estimator": estimator,
        "trials": {state: search.count(state) for state in ("complete", "pruned", "fail")},
        "best": {"trial": best.number, "params": best.params, "values": best.values},
        "front": front if len(search.objectives) > 1 else [],
        "importance": search.importance,
        "warnings": edge_warnings(estimator, space, best.params),
    }


def ranked(search: Search, metric: Metric) -> list[Trial]:
    """All trials, the best by the first objective first, those without a value last."""
    sign = 1 if metric.greater_is_better else -1
    return sorted(
        search.trials,
        key=lambda one: (one.is_best, bool(one.values), sign * one.values.get(metric.name, 0.0)),
        reverse=True,
    )


def history(search: Search, metric: Metric) -> Rows:
    """Of each complete trial its value and the best so far, by the first objective."""
    rows: Rows = []
    sign = 1 if metric.greater_is_better else -1
    best = float("-inf")
    for trial in search.trials:
        if trial.values:
            value = trial.values[metric.name]
            best = max(best, sign * value)
            rows.append({"trial": trial.number, "value": value, "best": sign * best})
    return rows


def importance(search: Search) -> Rows:
    """A row a parameter."""
    return [{"parameter": name, "share": share} for name, share in search.importance.items()]
