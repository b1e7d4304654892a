from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.evaluate.evidence import (
    Evidence,
)
from <<cookiecutter.package_name>>.evaluate.significance import (
    holm,
)
from <<cookiecutter.package_name>>.evaluate.slices import (
    measure_slices,
)
from <<cookiecutter.package_name>>.evaluate.slicing import (
    MOST_PAIRS,
    MOST_VALUES,
    Slicing,
    slicing,
)
from <<cookiecutter.package_name>>.split.units import Units

from .simulated import LEVEL, SQUARED_ERROR, TARGET, by_row, days, values

ZEROS = pl.DataFrame({"rain": [0.0] * 900 + list(np.linspace(1, 2, 100))})
SHOPS = np.char.mod("shop %d", np.arange(8))


def sliced(rows: pl.DataFrame, *sliced_by: list[str], units: Units | None = None) -> Slicing:
    return slicing(rows, sliced_by, units or Units("row", np.arange(rows.height)), LEVEL)


def evidence(truth: np.ndarray, units: Units) -> Evidence:
    predictions = values(np.zeros(truth.size))
    return Evidence(TARGET, truth, predictions, units, resamples=50, level=LEVEL, seed=1)


def test_a_slice_that_is_worse_is_seen_and_the_others_are_not() -> None:
    rng = np.random.default_rng(0)
    shop = np.arange(2000) % 4
    rows = pl.DataFrame({"shop": SHOPS[shop], "size": rng.random(2000)})
    truth = rng.normal(size=2000) * np.where(shop == 2, 1.4, 1.0)
    measured = measure_slices(
        sliced(rows, ["shop"], ["size"]), SQUARED_ERROR, evidence(truth, days(100, 20))
    )

    (worse,) = [one for one in measured.slices if one.worse]
    assert worse.name == "shop = shop 2"
    assert worse.interval.low < worse.value < worse.interval.high
    assert worse.gain == pytest.approx(1 - 1.4**2, abs=0.3)
    assert "worse by" in measured.warnings[0]
    assert len(measured.slices) == 4 + 4


@pytest.mark.no_cover
def test_among_many_equal_slices_none_is_called_worse_more_often_than_was_agreed() -> None:
    """Days share their errors, and each day belongs to one shop. By row, and for each slice alone,
    most repositories would be told of a bad shop that is none."""
    rng, units = np.random.default_rng(0), days(160, 10)
    shop = np.arange(160) % 8
    rows = pl.DataFrame({"shop": SHOPS[shop][units.codes]})
    parts, honest, alone, repeats = sliced(rows, ["shop"], units=units), 0, 0, 20
    for _ in range(repeats):
        truth = (rng.normal(size=160)[units.codes] + rng.normal(scale=0.5, size=1600)) / 1.1
        honest += bool(measure_slices(parts, SQUARED_ERROR, evidence(truth, units)).warnings)
        alone += bool(measure_slices(parts, SQUARED_ERROR, evidence(truth, by_row(units))).warnings)

    assert honest <= repeats * (LEVEL + 2.5 * np.sqrt(LEVEL * (1 - LEVEL) / repeats))
    assert alone > repeats * 0.4


def test_values_together_are_all_rows() -> None:
    moment = [datetime(2024, 1, 1) + timedelta(hours=i) for i in range(1000)]
    rows = pl.DataFrame(
        {
            "shop": [*SHOPS[np.arange(900) % 3], *[None] * 100],
            "open": np.arange(1000) % 2 == 0,
            "moment": moment,
            "price": [*np.linspace(0, 9, 900), *[float("nan")] * 100],
        }
    )
    for columns, number in ((["shop"], 4), (["open"], 2), (["moment"], 4), (["price"], 5)):
        masks = sliced(rows, columns).masks

        assert len(masks) == number
        assert (np.sum(list(masks.values()), axis=0) == 1).all()
    assert "shop is missing" in sliced(rows, ["shop"]).masks
    assert list(sliced(ZEROS, ["rain"]).masks) == ["rain up to 0.0", "rain above 0.0"]
    pairs = sliced(rows, ["shop", "open"]).masks
    assert pairs["shop = shop 1 and open = true"].sum() == 150


def test_many_values_are_a_bounded_number_of_slices() -> None:
    names = [f"v{i}" for i in range(100_000)]
    many = pl.DataFrame({"name": [*names, *["often"] * 500]})
    pairs = pl.DataFrame({one: np.arange(100_000) // size % 11 for one, size in ABC.items()})
    crowd = pl.DataFrame({"name": np.repeat([f"v{i}" for i in range(30)], 100)})

    assert set(sliced(many, ["name"]).masks) == {"name = often", "name has a rarer value"}
    assert len(sliced(many.rename({"name": "rows"}), ["rows"]).masks) == 2
    assert len(sliced(crowd, ["name"]).masks) == MOST_VALUES + 1
    some = sliced(pairs, ["a", "b"])
    assert len(some.masks) == MOST_PAIRS
    assert "beyond the" in some.left_out[0]


ABC = {"a": 1, "b": 11}


@pytest.mark.parametrize(
    ("column", "named"),
    [
        (pl.Series("x", [None] * 200, dtype=pl.String), "x is missing: so in all rows"),
        (pl.Series("x", ["same"] * 200), "x = same: so in all rows"),
        (pl.Series("x", [*["few"] * 9, *["many"] * 191]), "x = many"),
    ],
)
def test_what_says_nothing_is_left_out_and_said(column: pl.Series, named: str) -> None:
    parts = sliced(pl.DataFrame([column]), ["x"])

    assert named in [*parts.left_out, *parts.masks][-1]


def test_a_slice_of_few_units_is_left_out() -> None:
    rows = pl.DataFrame({"shop": SHOPS[np.arange(400) // 100]})
    parts = sliced(rows, ["shop"], units=days(20, 20))

    assert parts.masks == {}
    assert "400 rows in slices of under 50 rows or 6 days of departure" in parts.left_out[0]


def test_without_slices_there_is_nothing_to_say() -> None:
    measured = measure_slices(
        sliced(pl.DataFrame({"a": [1]})), SQUARED_ERROR, evidence(np.zeros(1), days(1, 1))
    )

    assert measured.to_json() == {"metric": SQUARED_ERROR.name, "slices": [], "left_out": []}


@pytest.mark.parametrize(
    ("column", "named"), [("shp", "similar are shop"), ("tags", "which is List")]
)
def test_a_column_that_makes_no_slices_is_refused_by_name(column: str, named: str) -> None:
    rows = pl.DataFrame({"shop": ["a"], "tags": [["b"]]})

    with pytest.raises(ConfigError, match=named):
        sliced(rows, [column])


def test_holm_multiplies_by_the_number_that_is_left() -> None:
    assert holm([0.03, None, 0.01, 0.04]) == pytest.approx([0.06, None, 0.03, 0.06])
