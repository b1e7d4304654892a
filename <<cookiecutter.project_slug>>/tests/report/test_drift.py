from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from markdown_it import MarkdownIt

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.monitor.drift import (
    DriftReport,
    too_few,
    with_quarantine,
)
from <<cookiecutter.package_name>>.monitor.sample import Sample
from <<cookiecutter.package_name>>.report.drift import (
    describe,
    page,
    summary,
    uncompared,
)

from .hostile import HOSTILE, Tags, assert_inert

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
RULES = Drift("wasserstein", "jensenshannon", 0.1, 0.1, 0.3, 0.1, 5000)
DETAILS = Path("reports/details.html")
CALM = DriftReport(
    timestamp="2026-01-01T00:00:00+00:00",
    run_id="r1",
    rows=4,
    data_drift_score=0.0,
    prediction_drift_score=0.05,
    answer_drift_scores={"score": 0.05},
    feature_drift_scores={"a": 0.02, "b": 0.09},
    null_shares={"a": (0.0, 0.0), "b": (0.0, 0.05), "day": (0.0, 0.0)},
    drifted_features=[],
    drift_reasons={},
    drifted_answers=[],
    data_drift_detected=False,
    prediction_drift_detected=False,
    drift_detected=False,
    visualizations=[],
    recommendations=[],
)
MOVED = {"drifted_features": ["a"], "drift_reasons": {"a": ["values"]}}
BEFORE = pl.DataFrame(
    {"a": [1.0, 2.0, 3.0, None], "b": ["x", "x", "y", None], "day": [1, 2, 3, 4], "score": 0.5}
).with_columns(pl.col("day").cast(pl.Datetime))
NOW = pl.concat([BEFORE] * 2)


def facts(report: DriftReport = CALM, **rules: Any) -> dict[str, Any]:
    return described(report, BEFORE, NOW, **rules)


def described(
    report: DriftReport, before: pl.DataFrame, now: pl.DataFrame | None = None, **rules: Any
) -> dict[str, Any]:
    sides = (Sample.whole(side) for side in (before, before if now is None else now))
    return describe(report, *sides, replace(RULES, **rules))


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "No drift: nothing to do"),
        (MOVED, "No drift as a whole, but 1 of 3 features moved"),
        (
            {"drifted_features": ["b"], "drift_reasons": {"b": ["nulls"]}},
            "Look at the source: other values are missing than before",
        ),
        ({"quarantine": "9 of 10 rows"}, "Look at the source: too many rows are in quarantine"),
        ({"data_drift_detected": True}, "Act: the data has drifted"),
        ({"prediction_drift_detected": True}, "Act: the predictions have drifted"),
        (
            {"data_drift_detected": True, "prediction_drift_detected": True},
            "Act: the data and the predictions have drifted",
        ),
    ],
)
def test_the_verdict_comes_first(changed: dict[str, Any], verdict: str) -> None:
    known = facts(replace(CALM, **changed))

    assert verdict in page("p", known, DETAILS).split("</h1>")[0]
    assert summary(known).splitlines()[0] == f"## {verdict}"


def test_the_farthest_column_comes_first_and_drifted_ones_before_all_others() -> None:
    assert [column["name"] for column in facts()["columns"]] == ["b", "a", "day"]
    moved = replace(CALM, **MOVED)
    assert [column["name"] for column in facts(moved, column=0.01)["columns"]] == ["a", "b", "day"]


def test_a_p_value_is_the_farther_the_smaller_it_is() -> None:
    report = replace(CALM, feature_drift_scores={"a": 0.001, "b": 0.5}, **MOVED)
    a, b, _ = facts(report, column=0.05)["columns"]
    assert (a["name"], a["severity"]) == ("a", pytest.approx(50))
    assert (b["name"], b["severity"]) == ("b", pytest.approx(0.5))


def test_each_answer_is_named_and_the_farthest_comes_first() -> None:
    scores = {"probability:a": 0.05, "probability:b": 0.4, "probability:c": 0.2}
    moved = ["probability:b", "probability:c"]
    report = replace(CALM, answer_drift_scores=scores, drifted_answers=moved)
    rows = BEFORE.with_columns(**dict.fromkeys(scores, pl.lit(0.5)))
    known = described(report, rows)
    text, short = page("p", known, DETAILS), summary(known)

    assert [answer["name"][-1] for answer in known["answers"]] == ["b", "c", "a"]
    assert "2 of 3 answers of the model moved beyond theirs; the farthest, <span" in text
    assert all(f'<h3><span title="{name}"' in text for name in scores)
    assert "(`probability:b`, the farthest of 3)" in short
    assert [line.split(" | ")[1] for line in short.splitlines() if "`probability" in line[:15]] == [
        "yes", "yes", "-"
    ]  # fmt: skip


def test_a_column_may_have_any_name() -> None:
    count = replace(CALM, feature_drift_scores={"count": 0.1}, null_shares={"count": (0.0, 0.0)})

    for known in described(CALM, BEFORE)["columns"][:2]:
        (renamed,) = described(count, BEFORE.select("score", count=known["name"]))["columns"]
        assert renamed["shape"] == known["shape"]


def test_sides_of_unequal_sizes_are_compared_by_shares() -> None:
    b, a, _ = facts()["columns"]

    assert b["shape"]["bars"] == [["x", 0.5, 0.5], ["y", 0.25, 0.25]]
    assert all(before == now for _, before, now in a["shape"]["bars"])
    assert sum(before for _, before, _ in a["shape"]["bars"]) == 0.75


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_the_data_runs(evil: str) -> None:
    number, answer = f"{evil} number", f"probability:{evil}"
    report = replace(
        CALM,
        feature_drift_scores={evil: 0.5, number: 0.02},
        null_shares={evil: (0.0, 0.5), number: (0.0, 0.0)},
        drifted_features=[evil],
        drift_reasons={evil: ["values", "nulls"]},
        answer_drift_scores={"score": 0.1, answer: 0.3},
        drifted_answers=[answer],
        recommendations=[f"Look at {evil}"],
    )
    columns = {evil: [evil, "b", None, evil], number: [1.0, 2.0, 3.0, 4.0]}
    rows = pl.DataFrame(columns | {"score": 0.5, answer: 0.5})
    known = described(report, rows)
    text = page(evil, known, DETAILS)
    short = MARKDOWN.render(summary(known))

    assert_inert(text, links=(DETAILS.name,))
    assert_inert(short)
    assert short.count("<td>") == 2 * 5 + 2 * 3
    assert {tag for tag, _ in Tags(short).tags} <= {
        "h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code"
    }  # fmt: skip


def test_the_pages_of_many_columns_stay_small() -> None:
    names = [f"c{i}" for i in range(1000)]
    report = replace(
        CALM,
        feature_drift_scores=dict.fromkeys(names, 0.0),
        null_shares=dict.fromkeys(names, (0.0, 0.0)),
    )
    rows = pl.DataFrame({name: [1.0, 2.0] for name in names} | {"score": 0.5})
    known = described(report, rows)

    assert "800 more columns" in page("p", known, DETAILS)
    assert "960 more features" in summary(known)
    assert len(page("p", known, DETAILS)) < 1_000_000
    assert len(summary(known)) < 10_000


@pytest.mark.parametrize(
    "values",
    [[None, None], [1.0, None], [2.0, 2.0], [-1.7e308, 1.7e308], ["a" * 500, "a" * 501]],
    ids=["empty", "one", "constant", "huge", "long"],
)
def test_odd_columns_have_a_page(values: list[Any]) -> None:
    column = pl.Series("a", values, dtype=None if any(values) else pl.Float64)
    rows = pl.DataFrame([column, pl.Series("score", [0.5, 0.5])])
    report = replace(CALM, feature_drift_scores={"a": 0.0}, null_shares={"a": (0.0, 0.0)})
    assert "<article" in page("p", described(report, rows), DETAILS)


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_batch_that_cannot_be_compared_has_pages_too(evil: str) -> None:
    arrived = {"rows": 40, "quarantined": 30, "rules": {f"{evil}: null": 30}}
    report = with_quarantine(too_few(50, 10, "r1"), arrived, 0.01)
    html, text = uncompared("flights", report)

    assert "<h1>Look at the source</h1>" in html
    assert "30 of 40 rows that arrived are in quarantine" in html
    assert "10 rows to compare; at least 30" in text
    assert_inert(html)
    assert_inert(MARKDOWN.render(text))
