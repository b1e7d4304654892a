from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from <<cookiecutter.package_name>>.report.card import render

from .hostile import HOSTILE, Tags, assert_inert

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


INTERVAL = {"low": 0.1, "high": 0.9, "reason": None}


def part(name: str, gain: float | None) -> dict[str, Any]:
    """A slice."""
    compared = {"gain": gain, "p_value": None if gain is None else 0.01, "worse": gain is not None}
    return {"name": name, "rows": 60, "value": 0.5, "interval": INTERVAL} | compared


def metrics(evil: str) -> dict[str, Any]:
    """What `evaluate` wrote of a model of two metrics."""
    numbers = {"roc_auc": 0.75, evil: 0.5}
    unknown = {"low": None, "high": None, "reason": "only 1 value of x"}
    reached = ("precision", "recall")
    sample = {"units": 31, "effective_units": 30.5, "rows": 50, "design_effect": 20.0}
    return {
        **numbers,
        "deciding": "roc_auc",
        "interval": {"roc_auc": INTERVAL, evil: unknown},
        "sample": {"unit": evil, **sample},
        "dummy": dict.fromkeys(numbers, 0.5),
        "test_rows": 50,
        "gain": 0.25,
        "p_value": 0.01,
        "better_than_dummy": True,
        "threshold": {
            "aim": "the best F1",
            **dict.fromkeys(reached, 0.5),
            "interval": dict.fromkeys(reached, INTERVAL),
        },
        "calibration": {"error": 0.02, "expected_error": 0.03, "interval": INTERVAL},
    }


def facts(evil: str = "x", **changed: Any) -> dict[str, Any]:
    """What the card tells of a model, with this text wherever data may put one."""
    return {
        "name": "p",
        "contract": {
            "estimator": "logistic",
            "target": {"column": evil, "task": "binary", "classes": [0, evil]},
            "features": {evil: "String", "b": "Int64"},
            "rows": 100,
            "threshold": 0.25,
            "versions": {"numpy": "2"},
        },
        "metrics": metrics(evil),
        "slices": {"slices": [part(evil, -0.2), part("a", None)], "left_out": [evil]},
        "level": 0.05,
        "split": "stratified",
        "time": None,
        "figures": {},
        "importance": {evil: 0.1, "b": -0.01},
        "tuning": {"method": "none"},
        "hashes": {"model": "0a1b"},
        "shap": {},
        "quality": {"rows": 200, "quarantined": 1, "rules": {f"{evil}: enum": 1}},
        "warnings": [evil],
    } | changed


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_the_data_is_more_than_text(evil: str) -> None:
    page = MARKDOWN.render(render(facts(evil)))

    assert_inert(page)
    usual = {"hr", "h1", "h2", "p", "blockquote", "strong", "code", "ul", "li"}
    tables = {"table", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _ in Tags(page).tags} <= usual | tables
    assert page.count("<td>") == 2 * 4 + 2 * 2 + 2 * 5 + 2


@pytest.mark.parametrize("evil", HOSTILE)
def test_the_card_says_how_it_was_tuned(evil: str) -> None:
    one = {"trial": 4, "params": {evil: evil, "C": 2.0}, "values": {evil: 0.75, "b": 0.5}}
    tuning = {
        "method": "optuna",
        "trials": {"complete": 7, "pruned": 2, "fail": 1},
        "best": one,
        "front": [one, one | {"trial": 5}],
        "importance": {evil: 0.9},
    }
    page = MARKDOWN.render(render(facts(tuning=tuning)))

    assert_inert(page)
    assert "10 trials" in page
    assert page.count("<td>") == 2 * 4 + 2 * 2 + 2 * 5 + 2 * 3 + 2


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
    paragraphs = render(facts(metrics=metrics)).partition("\n---\n\n")[2].split("\n\n")

    assert paragraphs[0] == "# Model card: p"
    assert verdict in paragraphs[1]


@pytest.mark.parametrize(
    ("task", "classes", "expected"),
    [
        ("multiclass", ["a", "b", "c"], "a probability of each of 3 classes"),
        ("regression", [], "It answers with a number"),
    ],
)
def test_the_card_speaks_of_its_task(task: str, classes: list[str], expected: str) -> None:
    target = {"column": "y", "task": task, "classes": classes}
    contract = facts()["contract"] | {"target": target, "threshold": None}

    assert expected in render(facts(contract=contract))


def test_an_interval_that_cannot_be_given_is_explained_and_not_printed() -> None:
    assert "| none: only 1 value of x |" in render(facts())


def test_the_card_says_what_rows_that_belong_together_cost() -> None:
    units = facts()["metrics"]["sample"] | {"unit": "day of departure"}
    by_day = render(facts(metrics=facts()["metrics"] | {"sample": units}))
    by_row = render(facts(metrics=facts()["metrics"] | {"sample": units | {"unit": "row"}}))

    assert "(design effect\n20.0)" in by_day
    assert "Rows are taken as independent" in by_row


def test_the_front_matter_is_what_a_hub_reads_and_holds_nothing_of_the_data() -> None:
    head = render(facts("evil: column")).split("---\n")[1]
    (model,) = yaml.safe_load(head)["model-index"]

    assert model["results"][0]["metrics"][0] == {"type": "roc_auc", "value": 0.75}
    assert yaml.safe_load(head)["pipeline_tag"] == "tabular-classification"


def test_the_slices_that_look_worst_come_first_and_the_rest_are_counted() -> None:
    parts = [part(f"p{i}", i / 100) for i in reversed(range(30))]
    card = render(facts(slices={"slices": parts, "left_out": ["a few"]}))

    assert card.index("`p0` **worse**") < card.index("`p1` **worse**") < card.index("`p19`")
    assert "p20" not in card
    assert "the 20 that look worst" in card
    assert "Left out: a few" in card


def test_the_card_says_what_was_adjusted_and_what_that_holds() -> None:
    more = {
        "threshold": facts()["metrics"]["threshold"]
        | {"cost": 0.4, "interval": dict.fromkeys(("precision", "recall", "cost"), INTERVAL)},
        "calibration": {"method": "sigmoid", **facts()["metrics"]["calibration"]}
        | {"before": {"error": 0.08, "interval": INTERVAL}},
        "conformal": {"aim": 0.9, "coverage": 0.912, "interval": INTERVAL}
        | {"mean_size": 1.3, "empty": 0.01},
        "learning_curve": {"helps": True, "per_doubling": 0.02, "standard_error": 0.001}
        | {"points": [{"rows": 10, "value": 0.6}, {"rows": 100, "value": 0.7}]},
    }
    card = render(facts(metrics=facts()["metrics"] | more))
    more |= {"conformal": CONFORMAL}
    sure = render(facts(metrics=facts()["metrics"] | more, contract=PRICE))

    for sentence in (
        "An answer costs 0.4000 on average (0.1000 to 0.9000)",
        "a calibration (sigmoid) on validation rows; before, it was 0.0800",
        "Sets hold the truth of 91.2 % of the test rows",
        "Yes: with each doubling",
        "| 100 | 0.7000 |",
    ):
        assert sentence in card
    assert "They are 3 wide" in sure
    assert "`prediction_low` and `prediction_high`" in sure


def test_the_plots_are_shown_and_the_hashes_of_what_the_model_is_made_of() -> None:
    card = render(facts(figures={"figures/roc.png": "ROC"}))

    assert '<img src="figures/roc.png" alt="ROC" width="400">' in card.partition("## Plots")[2]
    assert "| model | `0a1b` |" in card


def test_shap_values_stand_beside_the_importance() -> None:
    page = MARKDOWN.render(render(facts(shap={"x": 0.25, "b": 0.125})))

    assert "how far a row's value moves the probability" in page
    assert "<td>0.2500</td>" in page
    assert page.count("<td>") == 2 * 4 + 2 * 3 + 2 * 5 + 2


CONFORMAL = {"aim": 0.9, "coverage": 0.9, "interval": INTERVAL, "width": 3.0}
PRICE = facts()["contract"] | {
    "target": {"column": "price", "task": "regression", "classes": []},
    "threshold": None,
}
