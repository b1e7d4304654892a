"""The stage that meets labels with predictions, on a model that was trained and evaluated."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.evaluate import (
    row_predictions,
)
from <<cookiecutter.package_name>>.model.contract_file import (
    read_contract,
)
from <<cookiecutter.package_name>>.paths import (
    CONTRACT,
    LABEL_QUARANTINE,
    METRICS,
    PERFORMANCE,
    PERFORMANCE_PAGE,
    PREDICTIONS,
    TEST_PREDICTIONS,
)
from <<cookiecutter.package_name>>.split.units import Units
from <<cookiecutter.package_name>>.stages import performance

from .batch import (
    BATCH,
    ROWS,
    answer,
    answers,
    arrive,
    configured,
    job,
    text,
)

FILES = ["data/incoming/a.csv", "data/incoming/b.csv"]
UNSEEN = [row | {"id": str(int(row["id"]) + 1000)} for row in ROWS]


def bring(rows: list[dict[str, Any]], name: str = "labels.csv") -> None:
    file = Path("data/labels", name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text(rows))


def judged() -> dict[str, Any]:
    Path("data/labels").mkdir(exist_ok=True)
    config = configured()
    quick = replace(config.evaluate, metrics=["roc_auc"], bootstrap=50)
    job(performance, replace(config, evaluate=quick))
    return dict(json.loads(PERFORMANCE.read_text()))


@pytest.fixture
def _evaluated() -> None:
    """Two files of rows that the model never saw; of its test rows it was always right."""
    contract, results = read_contract(CONTRACT), {"roc_auc": 1.0, "dummy": {"roc_auc": 0.5}}
    for name, rows in (("a.csv", UNSEEN[:120]), ("b.csv", UNSEEN[120:])):
        arrive(text([{k: v for k, v in row.items() if k != "bought"} for row in rows]), name)
    answer()
    predicted = answers()
    tested = (
        contract.target,
        predicted,
        predicted["prediction"].alias("bought"),
        Units("row", np.arange(200)),
    )
    row_predictions.write(TEST_PREDICTIONS, *tested)
    interval = {"roc_auc": {"low": 1.0, "high": 1.0, "reason": None}}
    METRICS.write_text(json.dumps(results | {"interval": interval}))


def as_predicted(*, wrong: bool = False) -> list[dict[str, Any]]:
    """Labels by which the model was right, or wrong, in each row."""
    return [
        {"id": str(number), "bought": str(1 - predicted if wrong else predicted)}
        for number, predicted in answers().select("id", "prediction").rows()
    ]


def test_without_labels_the_report_says_so_and_asks_for_them() -> None:
    answer()
    report = judged()

    assert (report["verdict"], report["fallen"], report["measured"]) == ("unknown", [], [])
    assert "data/labels" in PERFORMANCE_PAGE.read_text()
    assert pl.read_parquet(LABEL_QUARANTINE).height == 0


@pytest.mark.usefixtures("_evaluated")
def test_a_model_that_is_right_as_before_holds_and_one_that_errs_has_fallen() -> None:
    bring(as_predicted())
    right, again = judged(), judged()
    bring(as_predicted(wrong=True))
    wrong = judged()

    assert (right["verdict"], right["fallen"]) == ("holds", [])
    assert [one["file"] for one in right["measured"]] == [*FILES, None]
    assert right["measured"][-1]["labelled"] == right["measured"][-1]["predicted"] == 200
    assert again == right
    assert (wrong["verdict"], wrong["fallen"]) == ("fell", [*FILES, "all files"])
    assert wrong["measured"][0]["change"]["tolerance"] == pytest.approx(0.2 * 0.5)


@pytest.mark.usefixtures("_evaluated")
def test_labels_by_prediction_id_say_the_same_as_by_key_in_any_order() -> None:
    bring(as_predicted())
    by_key = judged()
    named = pl.read_parquet(PREDICTIONS).select("id", "prediction_id").cast(pl.String)
    rows = pl.DataFrame(as_predicted()).join(named, on="id").drop("id")
    bring(rows.reverse().rows(named=True))

    assert judged()["measured"] == by_key["measured"]


@pytest.mark.usefixtures("_evaluated")
def test_labels_of_rows_that_the_model_learned_from_do_not_count() -> None:
    arrive(text(BATCH), "c.csv")
    answer()
    bring([{"id": row["id"], "bought": row["bought"]} for row in ROWS[:40]])
    report = judged()["labels"]

    assert report["used"] + report["set_aside"]["learned from"] == 40
    assert report["set_aside"]["learned from"] > 20


@pytest.mark.usefixtures("_evaluated")
def test_a_promise_of_other_metrics_is_an_error() -> None:
    METRICS.write_text('{"dummy": {}}')
    bring(as_predicted())

    with pytest.raises(DataError, match=r"metrics\.json lacks roc_auc"):
        judged()
