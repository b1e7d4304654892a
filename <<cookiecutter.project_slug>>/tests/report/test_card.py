from typing import Any

import pytest
from markdown_it import MarkdownIt

from <<cookiecutter.package_name>>.report.card import render

from .hostile import HOSTILE, Tags, assert_inert

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def facts(evil: str = "x", **changed: Any) -> dict[str, Any]:
    numbers = {"roc_auc": 0.75, evil: 0.5}
    return {
        "name": "p",
        "contract": {
            "adapter": "logistic",
            "target": evil,
            "features": {evil: "String", "b": "Int64"},
            "rows": 100,
            "classes": [0, evil],
            "threshold": 0.25,
        },
        "metrics": {
            **numbers,
            "interval": {name: [0.1, 0.9] for name in numbers},
            "dummy": dict.fromkeys(numbers, 0.5),
            "test_rows": 50,
            "gain": 0.25,
            "p_value": 0.01,
            "better_than_dummy": True,
        },
        "metric_names": list(numbers),
        "primary": "roc_auc",
        "level": 0.05,
        "split": "stratified",
        "time": None,
        "importance": {evil: 0.1, "b": -0.01},
        "quality": {"rows": 200, "quarantined": 1, "rules": {f"{evil}: enum": 1}},
        "warnings": [evil],
    } | changed


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_the_data_is_more_than_text(evil: str) -> None:
    page = MARKDOWN.render(render(facts(evil)))

    assert_inert(page)
    usual = {"h1", "h2", "p", "blockquote", "strong", "code", "ul", "li"}
    tables = {"table", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _ in Tags(page).tags} <= usual | tables
    assert page.count("<td>") == 2 * 4 + 2 * 2


@pytest.mark.parametrize("split", ["stratified", "group"])
def test_without_a_time_column_the_card_speaks_of_none(split: str) -> None:
    card = render(facts(split=split))

    assert "time" not in card
    assert "month" not in card
    assert "future" not in card
    assert "time" in render(facts(split=split, time="day"))


@pytest.mark.parametrize(("better", "verdict"), [(True, "**Better than"), (False, "Do not use it")])
def test_the_verdict_comes_first(better: bool, verdict: str) -> None:
    metrics = facts()["metrics"] | {"better_than_dummy": better}
    paragraphs = render(facts(metrics=metrics)).split("\n\n")

    assert paragraphs[0] == "# Model card: p"
    assert verdict in paragraphs[1]
