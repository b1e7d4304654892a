from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.config.gate import Gate, Slices
from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.registry.conditions import (
    Condition,
    conditions,
)

from ..models import model, spec


@pytest.fixture
def learner(rows: pl.DataFrame) -> Model:
    return model(rows, spec())


def measured(learner: Model, rows: pl.DataFrame, gate: Gate) -> list[Condition]:
    folder = Path("model")
    learner.save(folder)
    return conditions(learner, folder, rows, METRICS["roc_auc"], gate)


def chances(learner: Model, rows: pl.DataFrame) -> np.ndarray:
    return learner.outputs(rows)[:, 1]


def test_nothing_is_asked_by_default(learner: Model, rows: pl.DataFrame) -> None:
    assert measured(learner, rows, Gate()) == []


def test_a_floor_is_the_least_value_or_of_an_error_the_greatest(
    learner: Model, rows: pl.DataFrame
) -> None:
    auc = roc_auc_score(rows["late"], chances(learner, rows))
    loss = log_loss(rows["late"], chances(learner, rows))

    for name, value, reached, missed, words in (
        ("roc_auc", auc, auc - 0.01, auc + 0.01, "at least"),
        ("log_loss", loss, loss + 0.01, loss - 0.01, "at most"),
    ):
        good, bad = (measured(learner, rows, Gate(floors={name: f}))[0] for f in (reached, missed))
        assert (good.holds, bad.holds) == (True, False)
        assert good.measured == bad.measured == pytest.approx(value)
        assert bad.asked == f"{words} {missed:g}"


@pytest.mark.parametrize("column", ["origin", "rows"])
def test_a_slice_below_the_floor_is_named_though_the_whole_reaches_it(
    learner: Model, rows: pl.DataFrame, column: str
) -> None:
    worse = pl.when(pl.col("origin") == "EWR").then(100 - pl.col("wind")).otherwise("wind")
    rows = rows.with_columns(pl.col("origin").alias(column), wind=worse)
    slices = Slices([column], floor=0.5)
    listed = {one.name: one for one in measured(learner, rows, Gate(slices=slices))}

    assert listed[f"roc_auc where {column} is JFK"].holds
    assert not listed[f"roc_auc where {column} is EWR"].holds
    part = rows.filter(origin="EWR")
    expected = roc_auc_score(part["late"], chances(learner, part))
    assert listed[f"roc_auc where {column} is EWR"].measured == pytest.approx(expected)


def test_a_slice_of_few_rows_is_not_judged_and_no_slice_at_all_cannot_be_measured(
    learner: Model, rows: pl.DataFrame
) -> None:
    most = Slices(["origin"], floor=0.5, min_rows=300)
    assert len(measured(learner, rows, Gate(slices=most))) == 1  # 200 of 600 are of EWR

    none = replace(most, min_rows=500)
    (condition,) = measured(learner, rows, Gate(slices=none))
    assert (condition.holds, condition.measured) == (False, None)
    assert str(condition) == (
        "roc_auc by origin cannot be measured (asked: a value with 500 rows or more)"
    )


def test_latency_and_size_are_measured(learner: Model, rows: pl.DataFrame) -> None:
    latency, size = measured(learner, rows, Gate(latency_ms=1000, size_mb=1e-6))

    assert latency.holds
    assert 0 < latency.measured < 1000
    assert not size.holds
    files = sum(file.stat().st_size for file in Path("model").iterdir())
    assert size.measured == pytest.approx(files / 1e6)


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (Gate(floors={"luck": 1}), r"gate.floors holds 'luck'; allowed are roc_auc"),
        (Gate(floors={"r2": 1}), r"gate.floors holds r2, which does not fit 'late', a binary"),
        (Gate(slices=Slices(["orgin"], floor=1)), r"gate.slices.columns names 'orgin'.* origin"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    learner: Model, rows: pl.DataFrame, gate: Gate, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        measured(learner, rows, gate)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Slices(["origin"]),
        lambda: Slices(floor=0.5),
        lambda: Gate(margin=-0.1),
        lambda: Gate(level=0),
        lambda: Gate(latency_ms=-1),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(RuleError, match=r"gate\."):
        wrong()
