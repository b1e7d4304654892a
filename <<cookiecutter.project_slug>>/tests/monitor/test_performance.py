"""How good a model is on labelled rows, beside its promise, in the report and on its page."""

import json
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from markdown_it import MarkdownIt

from <<cookiecutter.package_name>>.config.drift import (
    Drift,
)
from <<cookiecutter.package_name>>.evaluate.evidence import Evidence
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import metrics
from <<cookiecutter.package_name>>.monitor.labels import (
    ASIDE,
    RULE,
    Labels,
)
from <<cookiecutter.package_name>>.monitor.performance import (
    Measured,
    Promise,
    Verdict,
    describe,
    measure,
)
from <<cookiecutter.package_name>>.report.performance import page
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import Units

from ..report.hostile import HOSTILE, assert_inert

TARGET = Target("late", Task.BINARY, (0, 1))
WANTED = metrics(["roc_auc", "log_loss"], TARGET)
FILES = [{"file": f"{name}.csv", "part": name, "valid": 5000} for name in "abc"]


def evidence(days: int, rows: int, skill: float, seed: int) -> Evidence:
    """Rows of so many days, of a model that knows so much of what makes them positive."""
    rng = np.random.default_rng(seed)
    units = Units("day of departure", np.repeat(np.arange(days), rows))
    odds = rng.normal(size=(days * rows,)) + 0.3 * rng.normal(size=days)[units.codes]
    truth = (rng.random(odds.size) < 1 / (1 + np.exp(-2 * odds))).astype(float)
    probabilities = 1 / (1 + np.exp(-2 * (skill * odds + (1 - skill) * rng.normal(size=odds.size))))
    outputs = np.column_stack([1 - probabilities, probabilities])
    answers = Predictions(outputs, TARGET.answers(outputs, 0.5))
    return Evidence(TARGET, truth, answers, units, resamples=50, level=0.05, seed=1)


@cache
def promised() -> Promise:
    tested = evidence(40, 60, 1.0, seed=1)
    values = {one.name: tested.value(one) for one in WANTED}
    bounds = {one.name: {"low": 0.7, "high": 0.9, "reason": None} for one in WANTED}
    return Promise(tested.replicate(WANTED[0]), values, bounds, tolerance=0.05)


def both(first: Evidence, second: Evidence) -> tuple[Evidence, pl.Series]:
    codes = np.concatenate([first.units.codes, second.units.codes + first.units.count])
    predictions = Predictions(
        np.concatenate([first.predictions.outputs, second.predictions.outputs]),
        np.concatenate([first.predictions.answers, second.predictions.answers]),
    )
    truth = np.concatenate([first.truth, second.truth])
    units = Units(first.units.name, codes)
    parts = pl.Series(["a"] * len(first.predictions) + ["c"] * len(second.predictions))
    rows = Evidence(TARGET, truth, predictions, units, resamples=50, level=0.05, seed=1)
    return rows, parts


@cache
def measured(*sides: Evidence) -> list[Measured]:
    if len(sides) == 1:
        rows, parts = sides[0], pl.Series(["a"] * len(sides[0].predictions))
    else:
        rows, parts = both(*sides)
    return measure(rows, parts, FILES, WANTED, promised())


def labels(used: int = 10, aside: tuple[str, ...] = ()) -> Labels:
    others = pl.DataFrame({RULE: list(aside)}, schema={RULE: pl.String})
    others = others.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in ASIDE.items() if name != RULE
    )
    keys = pl.DataFrame({"id": range(used)}, schema={"id": pl.Int64})
    return Labels(keys, others, [{"file": "a.csv", "rows": used + len(aside), "used": used}])


def report(*sides: Evidence, retrain: str = "drift", **of: Any) -> dict[str, Any]:
    """As it is read from JSON."""
    of_model, rules = promised() if sides else None, Drift(retrain=retrain)
    described = describe(measured(*sides) if sides else [], labels(**of), of_model, rules)
    return dict(json.loads(json.dumps(described, allow_nan=False)))


GOOD, BAD = evidence(30, 60, 1.0, seed=2), evidence(10, 60, 0.3, seed=3)
FEW = evidence(3, 10, 1.0, seed=4)


def test_a_model_that_is_as_good_as_promised_holds() -> None:
    (one,) = measured(GOOD)

    assert (one.file, one.predicted, one.labelled) == ("a.csv", 5000, 1800)
    assert one.verdict is Verdict.HOLDS
    assert one.metrics["roc_auc"]["value"] == GOOD.value(WANTED[0])
    assert set(one.metrics) == {"roc_auc", "log_loss"}


def test_one_file_on_which_it_fell_is_enough() -> None:
    of_a, of_c, of_all = measured(GOOD, BAD)

    assert (of_a.file, of_c.file, of_all.file) == ("a.csv", "c.csv", None)
    assert of_a.verdict is Verdict.HOLDS
    assert of_c.verdict is Verdict.FELL
    assert of_all.labelled == of_a.labelled + of_c.labelled
    assert of_all.predicted == 15_000
    written = report(GOOD, BAD)
    assert written["verdict"] == "fell"
    assert "c.csv" in written["fallen"]
    assert "a.csv" not in written["fallen"]


@pytest.mark.parametrize(("retrain", "asked"), [("drift", True), ("loss", True), ("never", False)])
def test_a_fall_asks_for_a_new_model_unless_never(retrain: str, asked: bool) -> None:
    assert report(GOOD, BAD, retrain=retrain)["retrain"] is asked
    assert report(GOOD, retrain=retrain)["retrain"] is False


def test_among_several_files_each_verdict_is_stricter() -> None:
    (alone,), (among, _, _) = measured(GOOD), measured(GOOD, BAD)

    assert among.change.interval.low < alone.change.interval.low


def test_a_few_labels_say_nothing_but_how_many_more_would() -> None:
    written = report(FEW)

    assert (written["verdict"], written["fallen"]) == ("unclear", [])
    assert "only 3 days of departure and 30 rows now" in written["sentences"][0]
    assert "About 3 more days of departure would tell" in written["sentences"][0]


def test_labels_of_one_class_leave_metrics_undefined() -> None:
    written = report(GOOD.subset(GOOD.truth == 1))

    assert written["verdict"] == "unclear"
    assert written["measured"][0]["metrics"]["roc_auc"]["value"] is None
    assert "roc_auc is undefined" in written["sentences"][0]
    assert "| undefined |" in page(written)


@pytest.mark.parametrize(
    ("sides", "of", "title"),
    [
        ((GOOD,), {}, "Performance holds"),
        ((BAD,), {}, "Act: performance has fallen"),
        ((FEW,), {}, "Performance: too few labels to tell"),
        ((), {"used": 0}, "Performance is not known: no labels"),
        ((), {"used": 0, "aside": ("no prediction",)}, "Performance is not known: no labels"),
    ],
)
def test_the_page_begins_with_the_verdict(sides: tuple, of: dict[str, Any], title: str) -> None:
    text = page(report(*sides, **of))

    assert text.startswith(f"## {title}\n")
    assert ("1 labels came, and none" in text) == bool(of.get("aside"))
    assert ("| `roc_auc` | 0." in text) == bool(sides)
    assert ("train anew: `make adopt`, `make repro`" in text) == title.startswith("Act")


def test_all_labels_that_were_set_aside_are_counted_on_the_page() -> None:
    text = page(report(GOOD, aside=("late: null", "no prediction", "no prediction")))

    assert "10 of 13 labels are used" in text
    assert "- no prediction: 2\n- late: null: 1" in text


def test_nothing_from_the_data_runs_on_the_page() -> None:
    written, markdown = report(FEW, aside=tuple(HOSTILE)), MarkdownIt("commonmark", {"html": True})
    for name in HOSTILE:
        written["measured"][0]["file"] = name
        written["sentences"] = [f"{name}: holds"]
        assert_inert(markdown.enable("table").render(page(written)))
