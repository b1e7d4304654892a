from typing import Any

import pytest

from <<cookiecutter.package_name>>.report.simulation import (
    page,
    table,
)

from .hostile import HOSTILE, Tags, assert_inert

BOUND = {"low": 0.6, "high": 0.8, "reason": None}
NONE = {"low": None, "high": None, "reason": "only 2 days"}


def outcome(policy: str, cost: float, name: str = "roc_auc", **changes: Any) -> dict[str, Any]:
    """Two months under a policy, at the end of the first of which a model was trained."""
    score = {"value": 0.7, **BOUND}
    period = {
        "name": "2024-05",
        "rows": 1200,
        "champion": "the start",
        "scores": {name: score, "log_loss": {"value": None, **NONE}},
        "severity": "warning",
        "drifted": ["wind", "carrier"],
        "fell": False,
        "performance": {},
        "verdict": "hold",
        "promoted": False,
        "reason": "that may be chance",
    }
    last = {
        **period,
        "name": "2024-06",
        "severity": "none",
        "drifted": [],
        "verdict": None,
        "fell": True,
    }
    return {
        "policy": policy,
        "cost": cost,
        "interval": {"low": cost - 1, "high": cost + 1, "reason": None},
        "metrics": {name: score},
        "alerts": 1,
        "retrainings": 1,
        "promoted": 0,
        "champions": [{"champion": "the start", "first": "2024-05", "last": "2024-06"}],
        "periods": [period, last],
        **changes,
    }


def summary(*policies: dict[str, Any], **changes: Any) -> dict[str, Any]:
    several = len(policies) > 1
    comparison = {"gain": 0.01, "margin": 0.002, "p_value": 0.3, "reason": None}
    return {
        "kind": "month",
        "deciding": next(iter(policies[0]["metrics"])),
        "level": 0.05,
        "prices": {"retraining": 1.0, "value": 100.0},
        "first": 4000,
        "rows": 2400,
        "unit": "day of time",
        "units": 61,
        "told_apart": False,
        "second": policies[-1]["policy"] if several else None,
        "comparison": comparison if several else None,
        "policies": list(policies),
        "later": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "title", "level"),
    [
        (
            {"told_apart": True},
            "Retraining on drift cost least, and never retraining cost more",
            "good",
        ),
        (
            {},
            "Retraining on drift cost least, but never retraining is not shown to cost more",
            "odd",
        ),
        ({"second": None}, "All policies did the same: retraining on drift", "odd"),
    ],
)
def test_the_verdict_says_which_policy_cost_least_and_whether_that_is_chance(
    changes: dict[str, Any], title: str, level: str
) -> None:
    text = page("p", summary(outcome("drift", 1.0), outcome("never", 9.0), **changes))

    assert f"<h1>{title}</h1>" in text
    assert f'class="verdict {level}"' in text


def test_the_advice_names_the_setting_and_what_did_the_same() -> None:
    year = summary(outcome("never", 0.0), outcome("loss", 0.0), outcome("each", 3.0))
    text = Tags(page("p", year)).text

    assert "drift.retrain: never in conf/drift" in text
    assert "The same happened under: retraining on loss." in text
    assert "may be chance" in text


def test_one_policy_alone_is_no_comparison() -> None:
    text = Tags(page("p", summary(outcome("drift", 1.0)))).text

    assert "Retraining on drift: 1 alert, 1 retraining, 0 promoted" in text
    assert "POLICIES=1" in text


def test_a_figure_that_is_undefined_says_why() -> None:
    text = Tags(page("p", summary(outcome("drift", 1.0)))).text

    assert "undefined" in text
    assert "only 2 days" in text


def test_a_period_whose_labels_show_a_fall_says_so() -> None:
    assert page("p", summary(outcome("drift", 1.0))).count('<span class="bad">fell</span>') == 1


def test_the_table_has_a_line_a_policy() -> None:
    lines = table(summary(outcome("drift", 1.0), outcome("never", 9.0))).splitlines()

    assert lines[0].startswith("Retraining on drift cost least")
    assert lines[-1].split() == [
        *("never", "retraining", "9", "8", "to", "10", "0.7", "1", "1", "0")
    ]


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_a_name_runs(evil: str) -> None:
    policy = outcome("drift", 1.0, name=evil)
    for period in policy["periods"]:
        period |= {"drifted": [evil], "reason": evil, "champion": evil}
    text = page(evil, summary(policy, unit=evil))

    assert_inert(text)
    assert "2024-06" in Tags(text).text


def test_later_rows_that_were_left_out_are_said() -> None:
    later = {"rows": 1500, "quarantined": 3, "rules": {"wind: minimum": 3}}
    said = "3 of 1,500 later rows break the schema and were left out: data/later_quarantine.parquet"

    assert said in Tags(page("p", summary(outcome("drift", 1.0), later=later))).text
    whole = summary(outcome("drift", 1.0), later={**later, "quarantined": 0})
    assert "later" not in Tags(page("p", whole)).text
