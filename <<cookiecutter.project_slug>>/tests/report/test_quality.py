import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.report.quality import render
from <<cookiecutter.package_name>>.validate.anomalies import Anomaly
from <<cookiecutter.package_name>>.validate.profile import (
    profile_data,
)
from <<cookiecutter.package_name>>.validate.quarantine import Quality

from .hostile import HOSTILE, assert_inert

GOOD = Quality(rows=4, valid=4, quarantined=0, rules={}, nulls={"x": 0.25})
VALID = pl.LazyFrame({"x": [1.0, None, 2 / 3, 9.0]})
NONE = pl.LazyFrame(
    schema={"x": pl.Float64, "broken_rules": pl.List(pl.String), "reason": pl.String}
)


def page(quality: Quality = GOOD, valid: pl.LazyFrame = VALID, **known: Any) -> str:
    return render("p", profile_data(quality, valid, NONE, [], {}) | known, 0.01)


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_the_data_runs(evil: str) -> None:
    quality = Quality(
        rows=4,
        valid=3,
        quarantined=1,
        rules={f"{evil}: enum": 1},
        nulls={"x": 1 / 3, evil: 0.0},
        warned={f"{evil}: maximum": 1},
        warnings=[evil],
        critical=[evil],
    )
    valid = pl.LazyFrame({"x": [1.0, None, 9.0], evil: [evil, "b", "b"]})
    refused = pl.LazyFrame(
        {"x": [2.0], evil: [evil], "broken_rules": [[f"{evil}: enum"]], "reason": [evil]}
    )
    known = profile_data(quality, valid, refused, [Anomaly("iqr", evil, 1, 3, evil)], {})
    text = render(evil, known, 0.01)

    assert_inert(text)
    for shown in ("enum", "maximum", "iqr", "Critical", "<svg", "Missing together"):
        assert shown in text


@pytest.mark.parametrize(
    ("quality", "verdict"),
    [
        (GOOD, "Good: nothing to do"),
        (replace(GOOD, warnings=["odd"]), "Usable, but look at 1 warning<"),
        (replace(GOOD, rows=1000, valid=999, quarantined=1), "look at 1 row in quarantine<"),
        (replace(GOOD, rows=5, quarantined=1), "Refused"),
        (replace(GOOD, valid=0), "Refused"),
        (replace(GOOD, critical=["gone"]), "Refused"),
    ],
)
def test_the_verdict_comes_first(quality: Quality, verdict: str) -> None:
    text = page(quality, VALID.head(quality.valid))
    assert verdict in text.split("/h1>")[0]


def test_the_page_of_what_was_read_again_is_the_same() -> None:
    known = profile_data(GOOD, VALID, NONE, [], {})
    assert render("p", json.loads(json.dumps(known)), 0.01) == render("p", known, 0.01)


def test_numbers_are_rounded() -> None:
    assert "0.6667" in page()
    assert "0.66666" not in page()


def test_a_unique_column_is_said_to_be_so() -> None:
    rows = replace(GOOD, rows=7043, valid=7043, nulls={"x": 0.0})
    assert "7,043 distinct" in page(rows, pl.LazyFrame({"x": range(7043)}))


def test_long_values_that_begin_and_end_alike_can_be_told_apart() -> None:
    values = [f"{'a' * 90}{middle}{'z' * 90}" for middle in "123"]
    text = page(replace(GOOD, valid=3), pl.LazyFrame({"x": values}))
    assert {"(2)", "(3)"} <= set(text.replace("<", " ").split())
