"""The page about a simulated year: which policy of retraining cost least, and how sure that is."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..paths import LATER_QUARANTINE
from ..split.units import counted
from .page import aligned, html, number
from .ranges import Line, marks

TITLES = {
    "never": "never retraining",
    "loss": "retraining on loss",
    "drift": "retraining on drift",
}
ADVICE = {  # how a policy is chosen
    "never": "drift.retrain: never in conf/drift",
    "loss": "drift.retrain: loss in conf/drift",
    "drift": "drift.retrain: drift in conf/drift",
    "each": "a schedule for the retraining, and drift.retrain: never in conf/drift",
}
LEVELS = {"none": "good", "warning": "odd", "error": "bad", "critical": "bad"}  # of a severity


def page(name: str, summary: Mapping[str, Any]) -> str:
    """The page in HTML.

    Args:
        name: of the project.
        summary: of ``simulate.summary.describe``.
    """
    policies, deciding = summary["policies"], summary["deciding"]
    costs, _ = marks(_lines({"value": one["cost"], **one["interval"]} for one in policies), [0.0])
    of_year, _ = marks(_lines(one["metrics"][deciding] for one in policies))
    scores = [period["scores"][deciding] for one in policies for period in one["periods"]]
    of_periods = iter(marks(_lines(scores))[0])
    rows = [
        {
            **one,
            "title": _title(one["policy"], summary["kind"]),
            "cost_mark": cost,
            "mark": mark,
            "turns": [{**period, "mark": next(of_periods)} for period in one["periods"]],
        }
        for one, cost, mark in zip(policies, costs, of_year, strict=True)
    ]
    facts = {**summary, "name": name, "policies": rows, "levels": LEVELS}
    about = {"verdict": _verdict(summary), "basis": _basis(summary), "advice": _advice(summary)}
    return html("simulation.html.j2", {**facts, **about})


def _title(policy: str, kind: str) -> str:
    return TITLES.get(policy, f"retraining each {kind}")


def _verdict(summary: Mapping[str, Any]) -> dict[str, str]:
    """Which policy cost least and whether that is chance; of one policy, what came of it."""
    policies, kind = summary["policies"], summary["kind"]
    title = _title(policies[0]["policy"], kind).capitalize()
    if len(policies) == 1:
        alerts, trained = (policies[0][key] for key in ("alerts", "retrainings"))
        happened = f"{counted(alerts, 'alert')}, {counted(trained, 'retraining')}"
        promoted = f"{policies[0]['promoted']} promoted"
        return {"level": "good", "title": f"{title}: {happened}, {promoted}"}
    if summary["second"] is None:
        return {"level": "odd", "title": f"All policies did the same: {title.lower()}"}
    second = _title(summary["second"], kind)
    if summary["told_apart"]:
        return {"level": "good", "title": f"{title} cost least, and {second} cost more"}
    return {"level": "odd", "title": f"{title} cost least, but {second} is not shown to cost more"}


def _advice(summary: Mapping[str, Any]) -> list[str]:
    """What the verdict means, in sentences."""
    policies, kind = summary["policies"], summary["kind"]
    if len(policies) == 1:
        return ["POLICIES=1 plays the same year under other policies, beside each other."]
    first, *others = policies
    alike = [
        _title(one["policy"], kind)
        for one in others
        if one["cost"] == first["cost"] and one["champions"] == first["champions"]
    ]
    advice = [f"To choose the first: {ADVICE[first['policy']]}."]
    if alike:
        advice.append(f"The same happened under: {', '.join(alike)}.")
    if summary["comparison"] and not summary["told_apart"]:
        why = summary["comparison"]["reason"]
        advice.append(
            "The difference to the next may be chance: choose by what is simpler to run"
            + (f" ({why})." if why else ".")
        )
    return advice


def _basis(summary: Mapping[str, Any]) -> str:
    rows, units = summary["rows"], ""
    if summary["units"] != rows:
        units = f" of {counted(summary['units'], summary['unit'])}"
    periods = counted(len(summary["policies"][0]["periods"]), summary["kind"])
    return (
        f"{summary['first']:,} rows were there at the start; {rows:,} rows{units} arrived in "
        f"{periods}. By {summary['deciding']}, at level {summary['level']:g}."
        f"{_refused(summary['later'])}"
    )


def _refused(later: Mapping[str, Any] | None) -> str:
    if later is None or not later["quarantined"]:
        return ""
    return (
        f" {later['quarantined']:,} of {later['rows']:,} later rows break the schema and were left "
        f"out: {LATER_QUARANTINE} says why."
    )


def _lines(figures: Iterable[Mapping[str, Any]]) -> list[Line]:
    return [(one["value"], one["low"], one["high"]) for one in figures]


def table(summary: Mapping[str, Any]) -> str:
    """The same for a terminal: the verdict, then a line a policy."""
    lines = [["policy", "cost", "interval", summary["deciding"], "alerts", "retrained", "promoted"]]
    for one in summary["policies"]:
        value, bound = one["metrics"][summary["deciding"]]["value"], one["interval"]
        between = "" if bound["reason"] else f"{bound['low']:.4g} to {bound['high']:.4g}"
        figures = [one["alerts"], one["retrainings"], one["promoted"]]
        name = _title(one["policy"], summary["kind"])
        lines.append([name, f"{one['cost']:.4g}", between, number(value), *figures])
    return f"{_verdict(summary)['title']}\n{_basis(summary)}\n\n{aligned(lines)}\n"
