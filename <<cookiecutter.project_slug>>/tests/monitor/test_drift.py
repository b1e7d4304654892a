"""Drift of one batch beside its reference, limits by chance."""

from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.monitor.baseline import watch
from <<cookiecutter.package_name>>.monitor.bins import Bins
from <<cookiecutter.package_name>>.monitor.divergences import (
    DIVERGENCES,
)
from <<cookiecutter.package_name>>.monitor.drift import (
    judge,
    level_of_column,
)

from .drifting import REFERENCE, RNG, SELDOM, N, baseline_of, batch_of, compare, table


def numbers_of(judged) -> np.ndarray:
    scores = [*judged.features.values(), *judged.answers.values()]
    return np.array([(one.score, one.limit, one.times, *one.missing) for one in scores])


def test_the_same_world_is_steady() -> None:
    judged = compare(table())

    assert judged.drifted == []
    assert set(judged.features) == {"distance", "hour", "carrier", "weekend", "day"}
    assert set(judged.answers) == {"score"}
    assert 0 < judged.times < 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("distance", RNG.normal(1100, 300, N)),
        ("distance", RNG.normal(1000, 400, N)),
        ("carrier", RNG.choice(["AA", "WN"], N)),
        ("carrier", np.where(RNG.random(N) < 0.05, "WN", RNG.choice(["AA", "DL", "UA"], N))),
        ("weekend", np.ones(N, dtype=bool)),
        ("hour", np.full(N, 12)),
        ("hour", pl.Series([None] * N, dtype=pl.Int64)),
        ("distance", np.full(N, np.nan)),
        ("day", pl.Series([None] * N, dtype=pl.Datetime)),
        ("hour", ["noon"] * N),
        ("score", RNG.random(N) / 2),
    ],
    ids=[
        *("shift", "variance", "categories", "5 % new", "yes/no", "constant", "no value"),
        *("not a number", "no time", "other type", "answers"),
    ],
)
def test_one_changed_column_is_named(name: str, values) -> None:
    assert compare(table(**{name: values})).drifted == [name]


@pytest.mark.parametrize("name", ["distance", "hour", "carrier", "weekend", "day"])
def test_values_that_come_or_go_are_drift_and_none_on_both_sides_is_not(name: str) -> None:
    empty = REFERENCE.with_columns(pl.lit(None, REFERENCE.schema[name]).alias(name))
    came = compare(table(), empty)

    assert came.drifted == [name]
    assert came.features[name].missing == (1.0, 0.0)
    assert compare(empty).drifted == [name]
    assert compare(empty, empty).drifted == []


@pytest.mark.parametrize("outliers", [1, 10])
@pytest.mark.parametrize("method", ["psi", "kl", "jensenshannon", "wasserstein", "ks"])
def test_outliers_hide_no_shift_of_a_sigma_and_are_none(method: str, outliers: int) -> None:
    rules = replace(SELDOM, numeric=method)
    shifted, same = RNG.normal(1300, 300, 1000), RNG.normal(1000, 300, 1000)
    for values in (shifted, same):
        values[:outliers] = 1e9

    assert compare(table(1000, distance=shifted), rules=rules).drifted == ["distance"]
    assert compare(table(1000, distance=same), rules=rules).drifted == []


def test_odd_columns_end_in_numbers() -> None:
    odd = table(hour=np.zeros(N), distance=np.where(RNG.random(N) < 0.1, np.inf, 0.0))
    for before, now in ((odd, table()), (table(), odd), (odd, odd)):
        assert np.isfinite(numbers_of(compare(now, before))).all()


@pytest.mark.parametrize("rows", [0, 1, 29])
def test_of_few_rows_nothing_is_said(rows: int) -> None:
    baseline = baseline_of()
    assert judge(baseline, [batch_of(table(rows), baseline)], Drift(), 1) == []


def test_thirty_rows_show_a_shift_of_a_sigma_in_most_cases() -> None:
    shown = [
        "distance" in compare(table(60, distance=RNG.normal(1450, 300, 60))).drifted
        for _ in range(20)
    ]
    assert np.mean(shown) > 0.8


def test_a_significant_but_tiny_shift_is_no_drift() -> None:
    many = 2_000_000
    before, now = (pl.DataFrame({"x": RNG.normal(mean, 1, many)}) for mean in (0, 0.03))
    tiny = compare(now, before)

    assert tiny.drifted == []
    assert tiny.features["x"].score > 0


def test_the_farthest_column_is_named_first() -> None:
    changed = {"carrier": RNG.choice(["AA", "WN"], N), "distance": RNG.normal(1060, 300, N)}
    assert compare(table(**changed)).drifted == ["carrier", "distance"]


def test_the_promise_is_shared_out_among_columns_and_batches_of_a_year() -> None:
    rules = Drift(false_alarms_per_year=2.0)

    assert level_of_column(rules, "week", 10) == pytest.approx(7 / 365.25 / 10)
    assert level_of_column(rules, "rows", 10) == pytest.approx(1 / 52 / 10)
    assert level_of_column(replace(rules, false_alarms_per_year=1000.0), "month", 10) == 0.05


def test_a_stricter_promise_has_higher_limits() -> None:
    often, seldom = (
        compare(table(), rules=Drift(false_alarms_per_year=a_year)).features for a_year in (12, 0.1)
    )
    assert all(seldom[name].limit >= often[name].limit for name in often)


@pytest.mark.parametrize("method", DIVERGENCES)
def test_family_wise_false_alarms_of_independent_rows_hold_their_level(method: str) -> None:
    """Of 20 columns in 60 batches; the level is 0.05, its standard error 0.028."""
    rules = Drift(numeric=method, false_alarms_per_year=2 * 0.05 * 52)
    rng = np.random.default_rng(5)
    kinds = (rng.normal, rng.standard_cauchy, rng.exponential, rng.logistic)
    draws = {f"c{i}": kinds[i % 4] for i in range(20)}

    def rows(number: int) -> pl.DataFrame:
        return pl.DataFrame({name: draw(size=number) for name, draw in draws.items()})

    baseline = baseline_of(rows(5000), rules)
    batches = [batch_of(rows(500), baseline, str(number)) for number in range(60)]
    alarms = [bool(one.drifted) for one in judge(baseline, batches, rules, 1)]

    assert np.mean(alarms) <= 0.05 + 2 * 0.028


def test_a_method_for_a_column_is_used_and_one_that_does_not_fit_is_refused() -> None:
    from <<cookiecutter.package_name>>.errors import ConfigError

    rules = Drift(columns={"distance": "ks"})
    methods = {name: one.method for name, one in baseline_of(rules=rules).columns.items()}

    assert methods["distance"] == "ks"
    assert set(methods.values()) == {"ks", "psi", "wasserstein"}
    with pytest.raises(ConfigError, match="'carrier' by ks, which needs numbers"):
        watch({"carrier": Bins(values=("AA",))}, [], Drift(columns={"carrier": "ks"}), 1)


def test_the_same_rows_give_the_same_scores() -> None:
    rows = table()
    first, second = (asdict(compare(rows)) for _ in range(2))
    assert first == second
