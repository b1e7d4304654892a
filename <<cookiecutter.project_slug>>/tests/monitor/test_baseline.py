"""The baseline of a model: counts of all rows, past batches, and a sample."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.drift import Drift
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.monitor.baseline import Baseline
from <<cookiecutter.package_name>>.monitor.reference import (
    learn_baseline,
    sample_with_answers,
)
from <<cookiecutter.package_name>>.split.target import Target

from .drifting import baseline_of
from .models import BINARY, COLOURS, PRICE, model

RNG = np.random.default_rng(4)
ROWS = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 5],
        "a": [1.0, 2.0, None, float("nan"), float("inf")],
        "b": ["UA", "UA", "AA", None, "DL"],
        "not a feature": [0] * 5,
    }
)


def a_season(days: int = 105, rows: int = 40) -> pl.DataFrame:
    when = [date(2013, 1, 7) + timedelta(days=day) for day in range(days) for _ in range(rows)]
    number = len(when)
    return pl.DataFrame(
        {
            "id": range(number),
            "a": RNG.normal(size=number),
            "b": RNG.choice(["UA", "AA"], number),
            "when": when,
        }
    )


def learned(folder: Path, rows: pl.DataFrame, target: Target = BINARY, **rules) -> Baseline:
    """The baseline of rows that were split at random."""
    test = pl.Series(np.arange(rows.height) % 5 == 0)
    for name, part in (("train", rows.filter(~test)), ("test", rows.filter(test))):
        part.write_parquet(folder / f"{name}.parquet")
    parts = [folder / "train.parquet", folder / "test.parquet"]
    return learn_baseline(
        model(target), parts, parts[1], Drift(**rules), time=rules.pop("time", "when"), seed=1
    )


def test_features_are_counted_in_all_rows_and_answers_in_those_of_the_test(tmp_path: Path) -> None:
    rows = a_season()
    baseline = learned(tmp_path, rows)

    assert (baseline.rows, baseline.tested) == (4200, 840)
    assert {name: one.counts.sum() for name, one in baseline.columns.items()} == {
        "a": 4200, "b": 4200, "probability:1": 840
    }  # fmt: skip


@pytest.mark.parametrize(
    ("days", "batch", "kind", "past"),
    [
        (105, "auto", "week", 15),
        (40, "auto", "day", 40),
        (5, "auto", "rows", 0),
        (105, "month", "month", 0),
    ],
)
def test_past_batches_are_of_the_length_that_is_judged(
    tmp_path: Path, days: int, batch: str, kind: str, past: int
) -> None:
    baseline = learned(tmp_path, a_season(days), batch=batch)

    assert (baseline.batch, baseline.past()) == (kind, {"features": past, "answers": past})


def test_rows_in_order_are_past_batches_where_the_rules_want_it(tmp_path: Path) -> None:
    baseline = learned(tmp_path, a_season().drop("when").with_columns(when=0), batch_rows=100)

    assert (baseline.batch, baseline.time) == ("rows", None)
    assert baseline.past() == {"features": 42, "answers": 42}


def test_a_baseline_is_the_same_after_it_was_written(tmp_path: Path) -> None:
    rows = a_season().with_columns(b=pl.col("id").cast(pl.String) + " is a long text of its own")
    baseline, folders = learned(tmp_path, rows), [tmp_path / "one", tmp_path / "two"]
    for folder, known in zip(folders, (baseline, None), strict=True):
        folder.mkdir()
        (known or Baseline.read(folders[0])).write(folder)
    again = Baseline.read(folders[1])

    assert [f.read_bytes() for f in sorted(folders[0].glob("*.json"))] == [
        f.read_bytes() for f in sorted(folders[1].glob("*.json"))
    ]
    assert again.features["a"].history == baseline.features["a"].history
    assert again.bins == baseline.bins
    assert "b: direction 1" in again.features
    assert again.sentences.add(rows.head(9)).equals(baseline.sentences.add(rows.head(9)))


def test_settings_that_it_was_not_learned_by_are_refused_and_others_may_change() -> None:
    baseline = baseline_of(rules=Drift(numeric="ks"))
    baseline.check(Drift(numeric="ks", false_alarms_per_year=12.0, retrain="never"))
    with pytest.raises(ConfigError, match=r"drift\.numeric is 'psi'.*'ks'.*`make repro`"):
        baseline.check(Drift(numeric="psi"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"features": {"a": 1}, "answers": {}}'])
def test_another_file_is_no_baseline(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"no baseline .* `make repro`"):
        Baseline.read(tmp_path)
    (tmp_path / "baseline.json").write_text(text)
    with pytest.raises(DataError, match="no baseline"):
        Baseline.read(tmp_path)


def test_the_sample_is_the_same_rows_for_the_same_seed() -> None:
    first, second, other = (sample_with_answers(model(), ROWS, 3, seed) for seed in (1, 1, 2))

    assert first.equals(second)
    assert not first.equals(other)
    assert first.height == 3
    assert sample_with_answers(model(), ROWS, 100, 0).height == 5


@pytest.mark.parametrize(
    ("target", "watched"),
    [
        (BINARY, ["probability:1"]),
        (COLOURS, ["probability:blue", "probability:green", "probability:red"]),
        (PRICE, ["prediction"]),
    ],
    ids=lambda value: getattr(value, "task", ""),
)
def test_a_row_of_the_sample_keeps_its_features_and_the_answers_to_watch(
    target: Target, watched: list[str]
) -> None:
    rows = sample_with_answers(model(target), ROWS, 4, 0)
    answers = model(target).predict(ROWS).select(watched)
    known = [tuple(map(str, row)) for row in ROWS.select("b").hstack(answers).iter_rows()]

    assert rows.columns == ["a", "b", *watched]
    assert {tuple(map(str, row)) for row in rows.select("b", *watched).iter_rows()} <= set(known)


def test_where_test_rows_are_of_a_short_time_all_rows_say_how_much_weeks_vary(
    tmp_path: Path,
) -> None:
    rows = a_season()
    for name, part in (("train", rows.head(3600)), ("test", rows.tail(600))):
        part.write_parquet(tmp_path / f"{name}.parquet")
    parts = [tmp_path / "train.parquet", tmp_path / "test.parquet"]
    baseline = learn_baseline(model(), parts, parts[1], Drift(), time="when", seed=1)

    assert baseline.past() == {"features": 15, "answers": 15}
    assert baseline.answers["probability:1"].counts.sum() == baseline.tested == 600
