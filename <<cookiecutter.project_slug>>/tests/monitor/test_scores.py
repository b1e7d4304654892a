"""Evidently's scores of two samples, and its page."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.monitor.drift import (
    Score,
    drifted,
)
from <<cookiecutter.package_name>>.monitor.scores import (
    compare,
    compare_samples,
    times,
)

from ..conftest import ROOT, run
from ..report.hostile import HOSTILE
from .drifting import REFERENCE, RNG, N, table

RULES = Drift(definition="evidently", numeric="wasserstein", categorical="jensenshannon")
ROWS = 400
ORDINARY = np.random.default_rng(0).normal(size=ROWS)
CODE = np.full(ROWS, 1e16)  # a constant of so many digits that a half is lost in rounding
NEAR = np.where(ORDINARY > 0, 1e17, 1e17 + 16)
WIDE = np.where(ORDINARY > 0, 1.7e308, -1.7e308)  # their difference overflows


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "details.html"


def scores(
    now: pl.DataFrame, page: Path, before: pl.DataFrame = REFERENCE, rules: Drift = RULES
) -> dict[str, Score]:
    return compare_samples(before, now, rules, seed=1, page=page)


def test_the_same_world_is_steady_and_the_page_is_written(page: Path) -> None:
    same = scores(table(), page)

    assert drifted(same) == []
    assert set(same) == {"distance", "hour", "carrier", "weekend", "score"}
    assert b"<html" in page.read_bytes()[:2000].lower()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("distance", RNG.normal(1300, 300, N)),
        ("carrier", RNG.choice(["AA", "WN"], N)),
        ("hour", pl.Series([None] * N, dtype=pl.Int64)),
        ("distance", np.full(N, np.nan)),
        ("carrier", pl.Series([None] * N, dtype=pl.String)),
        ("weekend", [False] * N),
    ],
    ids=["shift", "new category", "no value", "not a number", "no text", "constant"],
)
def test_one_changed_column_is_named(page: Path, name: str, values) -> None:
    assert drifted(scores(table(**{name: values}), page)) == [name]


@pytest.mark.parametrize("empty", [True, False], ids=["on both sides", "before"])
@pytest.mark.parametrize("name", ["distance", "carrier", "weekend"])
def test_a_column_without_values_before_has_drifted_if_it_has_some_now(
    page: Path, name: str, empty: bool
) -> None:
    nulls = pl.lit(None, REFERENCE.schema[name]).alias(name)
    now = table().with_columns(nulls) if empty else table()

    assert drifted(scores(now, page, REFERENCE.with_columns(nulls))) == ([] if empty else [name])


@pytest.mark.parametrize("method", ["psi", "kl", "jensenshannon", "wasserstein"])
def test_scores_are_those_of_evidently_itself(page: Path, method: str) -> None:
    """On five tables with all kinds of columns, to 1e-9."""
    from evidently.legacy.calculations.stattests import registry
    from evidently.legacy.core import ColumnType

    name = {"kl": "kl_div"}.get(method, method)
    rules = Drift(
        definition="evidently",
        numeric=method,
        categorical="psi" if method == "wasserstein" else method,
    )
    for number in range(5):
        rng = np.random.default_rng(number)
        before, now = (
            pl.DataFrame(
                {
                    "number": rng.normal(shift, 1, 700),
                    "heavy": rng.standard_cauchy(700) * (1 + shift),
                    "whole": rng.integers(0, 9 + number, 700),
                    "text": rng.choice([*"abcdef"], 700, p=np.ones(6) / 6),
                    "yes": rng.random(700) < 0.3 + shift,
                }
            )
            for shift in (0.0, 0.1 * number)
        )
        ours = scores(now, page, before, rules)
        for column in before.columns:
            is_number, asked = before[column].dtype.is_numeric(), name
            if not is_number and method == "wasserstein":
                asked = "psi"
            kind = ColumnType.Numerical if is_number else ColumnType.Categorical
            as_given = pl.Float64 if is_number else pl.String
            sides = [side[column].cast(as_given).to_pandas() for side in (before, now)]
            theirs = registry.get_stattest(*sides, kind, asked)(*sides, kind, 0.1)
            assert ours[column].score == pytest.approx(theirs.drift_score, abs=1e-9)


def test_one_far_value_hides_a_shift_of_a_sigma_from_its_definition(page: Path) -> None:
    rules = Drift(definition="evidently", numeric="psi")
    before, now = RNG.normal(0, 1, 1000), RNG.normal(1, 1, 1000)
    now[0] = 1e6
    sides = [pl.DataFrame({"x": side, "y": RNG.random(1000)}) for side in (before, now)]

    assert drifted(scores(sides[1], page, sides[0], rules)) == []


def test_scores_are_the_same_whatever_the_order_of_sets(
    tmp_path: Path, package: str, page: Path
) -> None:
    """Evidently sums over sets of texts, whose order follows PYTHONHASHSEED."""
    columns = {f"c{i}": RNG.choice([f"t{j}" for j in range(60)], N) for i in range(3)}
    sides = [table(**columns) for _ in range(2)]
    for number, side in enumerate(sides):
        side.write_parquet(tmp_path / f"{number}.parquet")
    lines = f"""
import json, sys, polars as pl
from dataclasses import asdict
from pathlib import Path
from {package}.config.drift import Drift
from {package}.monitor.scores import compare_samples
folder, rules = Path(sys.argv[1]), Drift(**{asdict(RULES)})
sides = [pl.read_parquet(folder / f"{{side}}.parquet") for side in (0, 1)]
scores = compare_samples(*sides, rules, seed=1, page=folder / "details.html")
print(json.dumps({{name: asdict(one) for name, one in scores.items()}}))
"""
    command = (sys.executable, "-W", "ignore", "-c", lines, str(tmp_path))
    there = json.loads(run(ROOT, *command, PYTHONHASHSEED="1").strip().splitlines()[-1])
    here = {name: asdict(one) for name, one in scores(sides[1], page, sides[0]).items()}

    assert json.loads(json.dumps(here)) == there


def test_names_and_values_reach_the_page_harmless(page: Path) -> None:
    texts = dict.fromkeys(HOSTILE, RNG.choice(HOSTILE, N))
    numbers = {f"{name} number": RNG.random(N) for name in HOSTILE}
    rows = table(**texts, **numbers)
    same = scores(rows, page, rows)
    head, embedded = page.read_text(encoding="utf-8").split("<script>")[:2]  # the second: the data

    assert drifted(same) == []
    assert "Content-Security-Policy" in head
    for text in ("alert(1)>", "<svg onload", "<img src=x", "](", '"__proto__"'):
        assert text not in embedded


@pytest.mark.parametrize(
    ("before", "now", "has"),
    [
        (CODE, CODE, False),
        (NEAR, NEAR[::-1], False),
        (CODE, CODE + 1000, True),
        (ORDINARY, CODE, True),
        (CODE, ORDINARY, True),
        (ORDINARY, WIDE, True),
    ],
    ids=["constant", "near", "another constant", "to a constant", "from one", "too wide"],
)
def test_numbers_that_fit_no_bins_are_compared(
    page: Path, before: np.ndarray, now: np.ndarray, has: bool
) -> None:
    sides = [pl.DataFrame({"code": values, "score": ORDINARY}) for values in (before, now)]
    assert drifted(scores(sides[1], page, sides[0])) == (["code"] if has else [])


def test_names_of_rows_do_not_drift_by_chance_and_other_shares_of_frequent_ones_do(
    page: Path,
) -> None:
    def side(start: int, named: float) -> pl.DataFrame:
        names = [f"name {number}" for number in range(start, start + ROWS)]
        shops = ["a" if number < named * ROWS else name for number, name in enumerate(names)]
        return pl.DataFrame({"name": names, "shop": shops, "score": ORDINARY})

    assert drifted(scores(side(ROWS, 0.5), page, side(0, 0.5))) == []
    assert drifted(scores(side(ROWS, 0.9), page, side(0, 0.5))) == ["shop"]


@pytest.mark.parametrize(
    ("method", "values"),
    [("anderson", [0] * N), ("cramer_von_mises", [1, 2, *[None] * (N - 2)]), ("nonsense", [1] * N)],
    ids=["a constant", "two values", "no method"],
)
def test_whatever_a_method_raises_is_an_error_of_the_configuration(
    page: Path, method: str, values: list
) -> None:
    odd = pl.DataFrame({"hour": pl.Series(values, dtype=pl.Float64)})
    with pytest.raises(ConfigError, match=method):
        compare(odd, odd, {"hour": method}, 0.1, seed=1, page=page)


@pytest.mark.parametrize(
    ("score", "has", "limit", "severity"),
    [
        *((0.3, True, 0.1, 3), (0.05, False, 0.1, 0.5), (0.0, False, 0.1, 0)),
        *((0.01, True, 0.05, 5), (0.5, False, 0.05, 0.1), (0.0, True, 0.05, 1000)),
    ],
)
def test_times_are_of_the_limit_for_distances_and_p_values(
    score: float, has: bool, limit: float, severity: float
) -> None:
    assert times(score, has, limit) == pytest.approx(severity)
