"""What follows from the scores."""

from dataclasses import replace
from typing import Any

import pytest

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.monitor.drift import judge
from <<cookiecutter.package_name>>.monitor.estimate import (
    Estimated,
)
from <<cookiecutter.package_name>>.monitor.verdict import (
    describe,
    with_quarantine,
)

from .drifting import REFERENCE, RNG, SELDOM, N, baseline_of, batch_of, table

BASELINE = baseline_of()
HELD = Estimated("roc_auc", 0.8, 0.79, 0.03)
MOVED, ANSWERED = {"distance": RNG.normal(1300, 300, N)}, {"score": RNG.random(N) / 2}


def report(estimated: Estimated | None = HELD, retrain: str = "drift", **changed) -> dict[str, Any]:
    rules, batch = replace(SELDOM, retrain=retrain), batch_of(table(**changed), BASELINE)
    judged = judge(BASELINE, [batch], rules, 1)
    return describe(BASELINE, rules, judged, [batch], estimated=estimated)


def test_where_nothing_moved_there_is_nothing_to_do() -> None:
    calm = report()

    assert (calm["severity"], calm["retrain"], calm["recommendations"]) == ("none", False, [])
    assert [calm[side]["verdict"] for side in ("data", "predictions", "performance")] == [
        "steady", "steady", "steady"
    ]  # fmt: skip
    assert calm["batch"] == {"name": "june", "kind": "rows", "number": 1, "rows": N}


@pytest.mark.parametrize(
    ("lost", "changed", "severity", "performance"),
    [
        (0.05, MOVED, "warning", "steady"),
        (0.3, MOVED, "warning", "steady"),
        (0.05, ANSWERED, "warning", "steady"),
        (0.3, ANSWERED, "error", "fell"),
        (0.6, ANSWERED, "critical", "fell"),
        (0.6, {}, "none", "steady"),
    ],
)
def test_how_bad_it_is_follows_from_the_estimated_loss(
    lost: float, changed: dict[str, Any], severity: str, performance: str
) -> None:
    told = report(replace(HELD, lost=lost), **changed)
    assert (told["severity"], told["performance"]["verdict"]) == (severity, performance)


@pytest.mark.parametrize(
    ("retrain", "lost", "asks"),
    [
        *(("drift", 0.0, True), ("loss", 0.0, False)),
        *(("loss", 0.4, True), ("never", 0.4, False)),
    ],
)
def test_a_new_model_is_asked_for_as_the_rules_say(retrain: str, lost: float, asks: bool) -> None:
    assert report(replace(HELD, lost=lost), retrain, **ANSWERED)["retrain"] is asks


def test_advice_names_what_moved_and_what_is_missing() -> None:
    holes = REFERENCE["hour"].set(REFERENCE["distance"] > 1000, None)
    advice = " ".join(report(replace(HELD, lost=0.3), hour=holes, **ANSWERED)["recommendations"])

    assert "another share of values is missing in hour (0.0% before, " in advice
    assert "The model answers differently (score)" in advice
    assert "roc_auc is estimated to have fallen from 0.8000 to 0.7900" in advice


def test_too_few_rows_are_said_and_alarm_nobody() -> None:
    batch = batch_of(table(29), BASELINE)
    few = describe(BASELINE, Drift(), [], [batch], estimated=None)
    nothing = describe(BASELINE, Drift(), [], [], estimated=None)

    assert (few["severity"], few["retrain"], few["data"]["verdict"]) == ("none", False, "unknown")
    assert few["recommendations"][0].startswith("Not enough rows: 29 rows in the largest batch")
    assert nothing["batch"] == {"name": "", "kind": "rows", "number": 0, "rows": 0}


def test_the_verdict_is_on_the_newest_batches_and_the_history_on_all() -> None:
    batches = [batch_of(table(**MOVED), BASELINE, "may"), batch_of(table(), BASELINE, "june")]
    judged = judge(BASELINE, batches, SELDOM, 1)
    last = describe(BASELINE, Drift(), judged, batches[1:], estimated=None)
    both = describe(BASELINE, Drift(), judged, batches, estimated=None)

    assert (last["severity"], both["severity"]) == ("none", "warning")
    assert [one["drifted"] for one in last["batches"]] == [["distance"], []]
    assert both["batch"]["name"] == "may to june"
    assert both["features"]["distance"]["drifted"]


@pytest.mark.parametrize(("refused", "named"), [(0, False), (1, False), (75, True), (100, True)])
def test_what_is_in_quarantine_instead_of_compared_is_named(refused: int, named: bool) -> None:
    arrived = {"rows": 100, "quarantined": refused, "rules": {"b: null": refused}}
    told = with_quarantine(report(), arrived, max_quarantined=0.01)

    assert bool(told["quarantine"]) is named
    assert any("b: null" in advice for advice in told["recommendations"]) is named
