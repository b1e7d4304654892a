import polars as pl
import pytest

from <<cookiecutter.package_name>>.evaluate.importance import (
    permutation,
)
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.target import Target

from ..models import LATE, SEATS, WIND, model, spec


@pytest.mark.parametrize(
    ("target", "name", "estimator"),
    [
        (LATE, "roc_auc", "logistic"),
        (LATE, "log_loss", "logistic"),
        (SEATS, "accuracy", "forest"),
        (WIND, "mean_absolute_error", "ridge"),
    ],
)
def test_the_column_that_decides_comes_first_by_any_metric(
    rows: pl.DataFrame, target: Target, name: str, estimator: str
) -> None:
    hint = rows.with_columns(hint=pl.col(target.column) * 2.0)
    trained = model(hint, spec(estimator), target)
    losses = permutation(trained, hint, trained.contract.truth(hint), METRICS[name], seed=1)

    assert next(iter(losses)) == "hint"
    assert losses["hint"] > 0
    assert set(losses) == set(trained.contract.features)
