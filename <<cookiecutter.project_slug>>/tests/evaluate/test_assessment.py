import numpy as np
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.evaluate.assessment import assess
from <<cookiecutter.package_name>>.evaluate.metrics import METRICS, metrics
from <<cookiecutter.package_name>>.evaluate.paired import paired_bootstrap
from <<cookiecutter.package_name>>.evaluate.plots import curves

RNG = np.random.default_rng(0)
TRUTH = (RNG.random(400) < 0.3).astype(float)
GOOD = np.clip(0.3 + 0.3 * (TRUTH - 0.3) + RNG.normal(0, 0.15, 400), 0.01, 0.99)
NOISE = RNG.random(400)


def test_every_metric_has_its_interval_around_it() -> None:
    found = assess(list(METRICS), TRUTH, GOOD, 0.4, resamples=50, level=0.05, seed=1)

    for name in METRICS:
        low, high = found["interval"][name]
        assert low <= found[name] <= high


def test_a_good_model_is_better_than_a_constant_answer() -> None:
    assert assess(["roc_auc"], TRUTH, GOOD, 0.4, resamples=99, level=0.05, seed=1)[
        "better_than_dummy"
    ]


def test_noise_is_not_better_than_a_constant_answer() -> None:
    found = assess(["log_loss"], TRUTH, NOISE, 0.4, resamples=99, level=0.05, seed=1)

    assert not found["better_than_dummy"]


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "f1"])
def test_the_better_model_has_a_positive_gain(metric: str) -> None:
    kind = {"threshold": 0.4, "resamples": 99, "level": 0.05, "seed": 1}
    better = paired_bootstrap(metric, TRUTH, GOOD, NOISE, **kind)
    worse = paired_bootstrap(metric, TRUTH, NOISE, GOOD, **kind)

    assert better.significant(0.05)
    assert not worse.significant(0.05)
    assert better.gain == pytest.approx(-worse.gain)


def test_a_model_is_not_better_than_itself() -> None:
    same = paired_bootstrap(
        "roc_auc", TRUTH, GOOD, GOOD, threshold=0.4, resamples=99, level=0.05, seed=1
    )

    assert same.gain == 0
    assert same.p_value == 1


@pytest.mark.parametrize("names", [[], ["roc_auc", "luck"]])
def test_an_unknown_metric_is_refused(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="known are"):
        metrics(names)


def test_curves_begin_and_end_where_they_should() -> None:
    found = curves(TRUTH, GOOD, 0.4)

    assert found["roc"][0] == {"false_positive_rate": 0.0, "true_positive_rate": 0.0}
    assert found["roc"][-1] == {"false_positive_rate": 1.0, "true_positive_rate": 1.0}
    assert len(found["confusion"]) == 400
