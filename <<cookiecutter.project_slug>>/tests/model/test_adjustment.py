import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.config.evaluate import (
    Threshold,
)
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
    ModelError,
)
from <<cookiecutter.package_name>>.model.adjustment import (
    AdjustmentSpec,
    adjust,
)
from <<cookiecutter.package_name>>.model.calibration import (
    Calibration,
    Isotonic,
    Sigmoid,
)
from <<cookiecutter.package_name>>.model.conformal import Conformal
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.split.target import Target
from <<cookiecutter.package_name>>.split.units import Units

from ..models import LATE, SEATS, WIND, adjusted, model, spec

RNG = np.random.default_rng(0)
ROWS = Units("row", np.arange(300))
COST = Threshold("cost", false_positive=1, false_negative=2)
PRECISE = Threshold("precision", at_least=0.99)
CONFORMAL = Conformal(0.1, 0.4, "row", 99)


def asked(
    threshold: Threshold | None = None, calibration: str = "none", conformal: float | None = None
) -> AdjustmentSpec:
    return AdjustmentSpec(threshold or Threshold(), calibration, conformal, seed=1)


def curves(number: int) -> Calibration:
    return Calibration([Isotonic([0.0, 0.5, 1.0], [0.1, 0.2, 0.7])] * number)


@pytest.mark.parametrize(
    ("target", "calibration"),
    [
        (LATE, Calibration([Sigmoid(0.5, -0.25)])),
        (LATE, curves(1)),
        (SEATS, curves(7)),
        (WIND, None),
    ],
    ids=str,
)
def test_a_saved_model_answers_with_its_calibration_and_its_sets_as_before(
    rows: pl.DataFrame, target: Target, calibration: Calibration | None
) -> None:
    plain = model(rows, spec("dummy"), target)
    trained = adjusted(plain, calibration=calibration, conformal=CONFORMAL)
    trained.save(Path("model"))
    answers = Model.load(Path("model")).predict(rows)

    assert answers.equals(trained.predict(rows))
    if calibration is None:
        assert (answers["prediction_high"] - answers["prediction_low"]).to_list() == (
            pytest.approx([0.8] * 600)
        )
    else:
        assert answers["prediction_set"].str.json_decode(pl.List(pl.Int64)).len() == 600
        assert trained.outputs(rows) == pytest.approx(calibration(plain.outputs(rows)))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"curves": []}, "no calibration of 2 classes"),
        ({"curves": [{"x": [0.1], "y": [0.1, 0.2]}]}, "as long, and in order"),
        ({"curves": [{"x": [0.2, 0.1], "y": [0.1, 0.2]}]}, "as long, and in order"),
        ({"curves": [{"slope": 1.0, "intercept": 0.0}] * 2}, "no calibration of 2 classes"),
        ({"curves": [{"slope": "steep", "intercept": 0.0}]}, "calibration is no"),
        ({"curves": [{"slope": 1.0}]}, "calibration is no"),
        ([], "calibration is no"),
    ],
)
def test_a_calibration_that_is_none_is_refused(
    rows: pl.DataFrame, change: object, named: str
) -> None:
    adjusted(model(rows, spec("dummy")), calibration=curves(1)).save(Path("model"))
    contract = Path("model/contract.json")
    contract.write_text(json.dumps(json.loads(contract.read_text()) | {"calibration": change}))

    with pytest.raises(ModelError, match=named):
        Model.load(Path("model"))


def test_a_model_of_a_time_without_calibration_and_hashes_is_still_loaded(
    rows: pl.DataFrame,
) -> None:
    model(rows, spec("dummy")).save(Path("model"))
    contract = Path("model/contract.json")
    values = json.loads(contract.read_text())
    contract.write_text(
        json.dumps({k: values[k] for k in values if k[:4] not in ("cali", "conf", "hash")})
    )

    assert Model.load(Path("model")).contract.calibration is None


def test_all_three_come_of_rows_that_are_calibrated_across_folds() -> None:
    positive = RNG.random(300)
    truth = (RNG.random(300) < positive**3).astype(float)
    outputs = np.column_stack([1 - positive, positive])
    adjustment = adjust(asked(COST, "isotonic", 0.1), LATE, outputs, truth, ROWS)

    assert adjustment.calibration is not None
    assert adjustment.conformal is not None
    assert adjustment.threshold in adjustment.outputs[:, 1]
    assert not np.allclose(adjustment.outputs, adjustment.calibration(outputs))
    assert adjustment.threshold == pytest.approx(1 / 3, abs=0.1)  # Elkan 2001


@pytest.mark.parametrize(
    ("spec", "target", "truth", "error", "named"),
    [
        (asked(calibration="sigmoid"), WIND, np.arange(300), ConfigError, "regression target"),
        (asked(COST), SEATS, np.arange(300) % 7, ConfigError, "only a binary one"),
        (asked(COST), LATE, np.zeros(300), DataError, "hold one class"),
        (asked(PRECISE), LATE, np.zeros(300), DataError, "hold one class"),
        (asked(conformal=0.002), LATE, np.arange(300) % 2, DataError, "takes 499 rows"),
    ],
)
def test_what_cannot_be_done_is_refused_before_training(
    spec: AdjustmentSpec, target: Target, truth: np.ndarray, error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        spec.check(target, truth.astype(float), ROWS)


def test_of_one_class_nothing_is_chosen_and_the_log_says_so() -> None:
    outputs, truth = np.full((300, 2), 0.5), np.zeros(300)
    asked().check(LATE, truth, ROWS)
    with capture_logs() as lines:
        threshold = adjust(asked(), LATE, outputs, truth, ROWS).threshold

    assert threshold == 0.5
    assert "hold one class" in lines[0]["event"]


def test_a_precision_that_the_model_does_not_reach_is_refused() -> None:
    truth = np.arange(300) % 2.0
    with pytest.raises(ModelError, match=r"reach 0\.5000 at most"):
        adjust(asked(PRECISE), LATE, np.full((300, 2), 0.5), truth, ROWS)
