import importlib.util

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.evaluate import (
    shap_values as module,
)
from <<cookiecutter.package_name>>.evaluate.shap_values import (
    shap_values,
)
from <<cookiecutter.package_name>>.runtime import extras
from <<cookiecutter.package_name>>.split.target import Target

from ..models import LATE, SEATS, WIND, model, spec


def test_without_the_extra_it_is_one_error_and_by_default_nothing_is_asked(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = model(rows, spec("dummy"))
    monkeypatch.setattr(extras, "find_spec", lambda _: None)

    assert shap_values("none", trained, rows, seed=1) == {}
    with pytest.raises(ConfigError, match="Write shap into conf/extras"):
        shap_values("shap", trained, rows, seed=1)


def test_more_columns_than_it_can_change_are_refused(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    monkeypatch.setattr(extras, "find_spec", lambda _: True)

    with pytest.raises(ConfigError, match="takes 3 columns at most; there are 4"):
        shap_values("shap", model(rows, spec("dummy")), rows, seed=1)


@pytest.mark.skipif(not importlib.util.find_spec("shap"), reason="needs the extra shap")
@pytest.mark.parametrize(
    ("target", "estimator"), [(LATE, "xgboost"), (SEATS, "forest"), (WIND, "ridge")]
)
def test_the_column_that_decides_moves_the_answers_most(
    rows: pl.DataFrame, target: Target, estimator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 5)
    hint = rows.with_columns(hint=pl.col(target.column) * 2.0)
    trained = model(hint, spec(estimator), target)
    values = shap_values("shap", trained, hint, seed=1)

    assert next(iter(values)) == "hint"
    assert set(values) == set(trained.contract.features)
    assert values == shap_values("shap", trained, hint, seed=1)


@pytest.mark.skipif(not importlib.util.find_spec("shap"), reason="needs the extra shap")
def test_the_values_of_a_line_are_its_slope_times_the_distance_from_other_rows(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 200)
    monkeypatch.setattr(module, "BACKGROUND", 200)
    monkeypatch.setattr(module, "ORDERS", 1)
    line = rows.select("id", "seats", wind=3.0 * pl.col("seats"))
    values = shap_values("shap", model(line, spec("ridge", alpha=1e-9), WIND), line, seed=1)

    distance = 3 * (line["seats"] - line["seats"].mean()).abs().mean()
    assert values["seats"] == pytest.approx(distance, rel=0.1)
