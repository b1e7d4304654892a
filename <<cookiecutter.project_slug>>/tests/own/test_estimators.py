import numpy as np
import pytest
from sklearn.base import clone

from <<cookiecutter.package_name>>.own.estimators import (
    Array,
    CentroidClassifier,
)


@pytest.fixture
def rows() -> tuple[Array, Array]:
    """300 rows of three classes, each around a centre of its own; a feature that never changes."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 300).astype(float)
    x = np.column_stack([rng.normal(4 * y), rng.normal(-4 * y), np.ones(300)])
    return x, y


def test_it_tells_classes_apart_and_its_probabilities_add_up(rows: tuple[Array, Array]) -> None:
    x, y = rows
    fitted = CentroidClassifier().fit(x[:200], y[:200])
    probabilities = fitted.predict_proba(x[200:])

    assert (fitted.predict(x[200:]) == y[200:]).mean() > 0.95
    assert probabilities.shape == (100, 3)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(100))


def test_shrunk_to_one_it_answers_with_the_share_of_each_class(rows: tuple[Array, Array]) -> None:
    x, y = rows
    fitted = clone(CentroidClassifier(shrink=1.0)).fit(x, y)

    assert fitted.predict_proba(x[:1])[0] == pytest.approx(np.bincount(y.astype(int)) / 300)


def test_a_parameter_out_of_range_is_refused(rows: tuple[Array, Array]) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        CentroidClassifier(shrink=2.0).fit(*rows)
