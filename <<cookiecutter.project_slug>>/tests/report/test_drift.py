from dataclasses import asdict
from typing import Any

import polars as pl
import pytest
from markdown_it import MarkdownIt

from <<cookiecutter.package_name>>.monitor.drift import Score
from <<cookiecutter.package_name>>.paths import (
    DRIFT_DETAILS,
    DRIFT_PAGE,
    DRIFT_SUMMARY,
)
from <<cookiecutter.package_name>>.report.drift import (
    describe,
    history,
    render,
)

from .hostile import HOSTILE, Tags, assert_inert

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
BEFORE = pl.DataFrame(
    {"a": [1.0, 2.0, 3.0, None], "b": ["x", "x", "y", None], "day": [1, 2, 3, 4], "score": 0.5}
).with_columns(pl.col("day").cast(pl.Datetime))
NOW = pl.concat([BEFORE] * 2)


def score(times: float, missing: tuple[float, float] = (0.0, 0.0)) -> dict[str, Any]:
    return asdict(Score(times / 10, 0.1, times > 1, times, "psi", missing))


def report(**changed: Any) -> dict[str, Any]:
    steady = {"verdict": "steady", "drifted": []}
    calm = {
        "severity": "none",
        "batch": {"name": "2013-06-03", "kind": "week", "number": 1, "rows": 8},
        "data": steady,
        "predictions": steady,
        "performance": {"verdict": "steady", "metric": "f1", "tested": 0.5, "estimated": 0.4},
        "limits": {
            "definition": "counts",
            "false_alarms_per_year": 1.0,
            "past_batches": {"features": 17, "answers": 0},
        },
        "reference": {"rows": 4, "tested": 2},
        "features": {"a": score(0.2), "b": score(0.9, (0.0, 0.05)), "day": score(0.0)},
        "answers": {"score": score(0.5)},
        "batches": [{"name": "2013-06-03", "rows": 8, "drifted": [], "times": 0.9}],
        "quarantine": "",
        "recommendations": [],
    }
    return calm | changed


def pages(told: dict[str, Any], before: pl.DataFrame = BEFORE, name: str = "p") -> tuple[str, str]:
    written = render(name, told, before, before)
    return written[DRIFT_PAGE], written[DRIFT_SUMMARY]


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "No drift: nothing to do"),
        ({"data": {"verdict": "drifted", "drifted": ["a"]}}, "Look: the data has drifted"),
        (
            {side: {"verdict": "drifted", "drifted": ["a"]} for side in ("data", "predictions")},
            "Look: the data and the predictions have drifted",
        ),
        (
            {"performance": report()["performance"] | {"verdict": "fell"}},
            "Act: f1 is estimated to fall",
        ),
        ({"quarantine": "9 of 10 rows"}, "Look at the source: too many rows are in quarantine"),
        ({"features": {}, "answers": {}}, "Nothing to compare"),
    ],
)
def test_the_verdict_comes_first(changed: dict[str, Any], verdict: str) -> None:
    page, summary = pages(report(**changed))

    assert verdict in page.split("</h1>")[0]
    assert summary.splitlines()[0] == f"## {verdict}"


@pytest.mark.parametrize(
    ("batch", "named"),
    [
        ({"name": "2013-06-03", "kind": "week", "number": 1}, "week 2013-06-03"),
        ({"name": "a to c", "kind": "rows", "number": 3}, "3 files, a to c"),
        ({"name": "", "kind": "rows", "number": 0}, "nothing"),
    ],
)
def test_the_batches_that_were_judged_are_named(batch: dict[str, Any], named: str) -> None:
    page, summary = pages(report(batch=batch | {"rows": 8}))

    assert f"8</strong>rows: {named}" in page
    assert f"in 8 rows ({named})" in summary


def test_it_is_said_where_limits_come_from() -> None:
    page, summary = pages(report())
    for text in (page, summary):
        assert "those of features come from 17 past batches" in text
        assert "those of answers come from chance alone" in text
    limits = report()["limits"] | {"definition": "evidently"}
    assert "Evidently's definition" in pages(report(limits=limits))[1]


def test_the_farthest_column_comes_first_and_drifted_ones_before_all_others() -> None:
    names = [column["name"] for column in describe(report(), BEFORE, NOW)["columns"]]
    assert names == ["b", "a", "day"]
    moved = report(features={"a": score(1.2), "b": score(0.9), "day": score(0.0)})
    assert describe(moved, BEFORE, NOW)["columns"][0]["name"] == "a"


def test_each_batch_has_its_bar_in_the_history() -> None:
    batches = [
        {"name": "w1", "rows": 8, "drifted": [], "times": 0.5},
        {"name": "w2", "rows": 8, "drifted": ["a"], "times": 9.0},
    ]
    told = report(batches=batches)
    page, _ = pages(told)

    assert page.count("<i") - page.count("<i class") >= 1
    assert 'class="over" style="height: 100.0%"' in page
    assert history(told) == [{"batch": "w1", "times": 0.5}, {"batch": "w2", "times": 9.0}]


def test_a_column_may_have_any_name() -> None:
    for name in ("a", "b"):
        (known,) = describe(report(features={name: score(0.5)}), BEFORE, NOW)["columns"]
        renamed = BEFORE.select("score", count=name)
        (other,) = describe(report(features={"count": score(0.5)}), renamed, renamed)["columns"]
        assert other["shape"]["bars"] == known["shape"]["bars"]


def test_sides_of_unequal_sizes_are_compared_by_shares() -> None:
    b, a, _ = describe(report(), BEFORE, NOW)["columns"]

    assert b["shape"]["bars"] == [["x", 0.5, 0.5], ["y", 0.25, 0.25]]
    assert all(before == now for _, before, now in a["shape"]["bars"])
    assert sum(before for _, before, _ in a["shape"]["bars"]) == 0.75


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_the_data_runs(evil: str) -> None:
    number, answer = f"{evil} number", f"probability:{evil}"
    told = report(
        batch={"name": evil, "kind": "rows", "number": 1, "rows": 8},
        features={evil: score(5.0, (0.0, 0.5)), number: score(0.2)},
        answers={"score": score(1.0), answer: score(3.0)},
        data={"verdict": "drifted", "drifted": [evil]},
        predictions={"verdict": "drifted", "drifted": [answer]},
        batches=[{"name": evil, "rows": 8, "drifted": [evil], "times": 5.0}],
        recommendations=[f"Look at {evil}"],
    )
    columns = {evil: [evil, "b", None, evil], number: [1.0, 2.0, 3.0, 4.0]}
    rows = pl.DataFrame(columns | {"score": 0.5, answer: 0.5})
    page, summary = pages(told, rows, evil)
    short = MARKDOWN.render(summary)

    assert_inert(page, links=(DRIFT_DETAILS.name,))
    assert_inert(short)
    assert short.count("<td>") == 4 * 7
    assert {tag for tag, _ in Tags(short).tags} <= {
        "h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code"
    }  # fmt: skip


def test_the_pages_of_many_columns_stay_small() -> None:
    names = [f"c{i}" for i in range(1000)]
    rows = pl.DataFrame({name: [1.0, 2.0] for name in names} | {"score": 0.5})
    page, summary = pages(report(features=dict.fromkeys(names, score(0.0))), rows)

    assert "800 more columns" in page
    assert "961 more columns" in summary
    assert len(page) < 1_000_000
    assert len(summary) < 10_000


@pytest.mark.parametrize(
    "values",
    [[None, None], [1.0, None], [2.0, 2.0], [-1.7e308, 1.7e308], ["a" * 500, "a" * 501]],
    ids=["empty", "one", "constant", "huge", "long"],
)
def test_odd_columns_have_a_page(values: list[Any]) -> None:
    column = pl.Series("a", values, dtype=None if any(values) else pl.Float64)
    rows = pl.DataFrame([column, pl.Series("score", [0.5, 0.5])])
    assert "<article" in pages(report(features={"a": score(0.0)}), rows)[0]
