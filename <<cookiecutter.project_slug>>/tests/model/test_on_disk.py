"""Training rows that memory does not hold: XGBoost learns them from their file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hydra import compose, initialize_config_dir
from sklearn.metrics import roc_auc_score

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.model import on_disk
from <<cookiecutter.package_name>>.model.flavors import xgboost
from <<cookiecutter.package_name>>.model.on_disk import (
    OtherRows,
    training_rows,
)
from <<cookiecutter.package_name>>.model.rounds import Checkpoint
from <<cookiecutter.package_name>>.model.training import (
    Fitted,
    ModelSpec,
    fit,
)
from <<cookiecutter.package_name>>.runtime import parquet
from <<cookiecutter.package_name>>.split.features import features
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..fixture import CONF

FILE, ROWS = Path("train.parquet"), 6000
LATE = Target("late", Task.BINARY, (False, True))
SIZE = Target("size", Task.MULTICLASS, ("large", "medium", "small"))
PRICE = Target("price", Task.REGRESSION)


def table(rows: int, seed: int) -> pl.DataFrame:
    """Targets of three kinds, which follow from two numbers with nulls and from a category."""
    rng = np.random.default_rng(seed)
    wind, load_ = rng.normal(size=(2, rows))
    shop = rng.choice(["north", "east", "south", "west", "harbour"], rows)
    truth = wind + load_ * (shop == "north") + 0.7 * (shop == "south") + rng.logistic(size=rows)
    known = rng.random(rows) < 0.9
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "wind": wind,
            "load": pl.Series(load_).set(pl.Series(~known), None),
            "shop": shop,
            "late": truth > 0,
            "size": np.array(["small", "medium", "large"])[np.digitize(truth, [-1, 1])],
            "price": truth,
        }
    )


def configured(target: Target, *overrides: str) -> Config:
    ignored = sorted({"late", "size", "price"} - {target.column})
    shared = (
        *(f"data.target={target.column}", "data.key=id", f"data.ignore=[{','.join(ignored)}]"),
        *("data.time=null", "model=xgboost_disk", "preprocess=category", "model.batch_rows=2000"),
        *("model.params.learning_rate=0.2", "model.params.max_depth=3"),
        *("model.params.n_estimators=50", "model.params.early_stopping_rounds=10"),
    )
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=[*shared, *overrides]))


def learned(config: Config, target: Target) -> Fitted:
    """What stage `train` trains of the rows in FILE, with a checkpoint."""
    data, spec = config.data, ModelSpec.from_config(config, {})
    others = OtherRows.from_config(config, FILE, target)
    rows, held_out = training_rows(FILE, config), table(2000, seed=2)
    x, z = (features(part, data.target, data.key, data.ignore) for part in (rows, held_out))
    y, truth = (target.encode(part[target.column]) for part in (rows, held_out))
    place = Path("checkpoint")
    return fit(spec, x, target, y, held_out=(z, truth), checkpoint=place, others=others)


def trees(fitted: Fitted) -> bytes:
    return bytes(fitted.predictor.pipeline[-1].get_booster().save_raw("ubj"))


def roc_auc(fitted: Fitted) -> float:
    rows = table(6000, seed=3)
    outputs = fitted.predictor.predict(rows.select("wind", "load", "shop"))
    return float(roc_auc_score(rows["late"], outputs[:, 1]))


@pytest.fixture(autouse=True)
def _written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpoint, "every_s", 0)
    table(ROWS, seed=1).write_parquet(FILE)


@pytest.mark.parametrize("target", [LATE, SIZE, PRICE], ids=lambda target: target.task)
def test_rows_on_disk_give_the_model_that_they_give_in_memory(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (on_disk, parquet):  # the sample is the first rows, as if all were in memory
        monkeypatch.setattr(module, "draw", lambda _, size, __: list(range(size)))
    steps = "preprocess.steps=[{step: category, columns: text}]"  # learns the same of any sample
    of_disk = learned(configured(target, steps), target)
    of_memory = learned(configured(target, steps, "model.batch_rows=0"), target)
    one, other = (fitted.predictor.pipeline[-1] for fitted in (of_disk, of_memory))

    assert trees(of_disk) == trees(of_memory)
    assert one.best_iteration == other.best_iteration < 49
    assert of_disk.rows == of_memory.rows == ROWS
    assert not list(Path().glob(".*.partial"))


@pytest.mark.parametrize("preprocess", ["category", "default"])
def test_preprocessing_that_learned_from_a_sample_makes_the_model_no_worse(
    preprocess: str,
) -> None:
    settings = (f"preprocess={preprocess}",)
    of_disk = learned(configured(LATE, *settings), LATE)
    of_memory = learned(configured(LATE, *settings, "model.batch_rows=0"), LATE)
    training_rows(FILE, configured(LATE)).write_parquet(FILE)
    of_sample = learned(configured(LATE, *settings), LATE)

    assert (of_disk.rows, of_memory.rows, of_sample.rows) == (ROWS, ROWS, 2000)
    assert roc_auc(of_disk) > roc_auc(of_memory) - 0.005
    assert roc_auc(of_disk) > roc_auc(of_sample) + 0.005


def test_each_row_is_read_once_and_few_at_a_time() -> None:
    config = configured(LATE)
    others = OtherRows.from_config(config, FILE, LATE)
    assert others is not None
    batches = [x for x, _ in others]
    read = pl.concat([*batches, training_rows(FILE, config).select(batches[0].columns)])

    assert [x.height <= 2000 for x in batches] == [True] * 3
    assert sum(x.height for x in batches) == others.count == ROWS - 2000
    assert read["wind"].sort().equals(pl.read_parquet(FILE)["wind"].sort())


def test_a_killed_training_goes_on_to_the_same_model(kill_at: Callable[[int], None]) -> None:
    whole = learned(configured(LATE), LATE)
    for last in (3, 3):
        kill_at(last)
        with pytest.raises(KeyboardInterrupt):
            learned(configured(LATE), LATE)
    assert Path("checkpoint").is_dir()

    assert trees(learned(configured(LATE), LATE)) == trees(whole)
    assert not Path("checkpoint").exists()


def test_a_training_that_samples_goes_on_after_the_last_whole_part(
    kill_at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xgboost, "FIRST_PART", 10)
    sampling = configured(LATE, "+model.params.subsample=0.7", "model.params.n_estimators=40")
    whole = learned(sampling, LATE)
    kill_at(2)
    with pytest.raises(KeyboardInterrupt):
        learned(sampling, LATE)

    assert trees(learned(sampling, LATE)) == trees(whole)


def test_a_training_does_not_go_on_where_a_row_on_disk_was_another(
    kill_at: Callable[[int], None],
) -> None:
    config = configured(LATE)
    kill_at(4)
    with pytest.raises(KeyboardInterrupt):
        learned(config, LATE)
    sampled = training_rows(FILE, config)["id"]
    other = pl.when(pl.col("id").is_in(sampled.implode())).then("wind").otherwise(-pl.col("wind"))
    pl.read_parquet(FILE).with_columns(wind=other).write_parquet(FILE)
    after = learned(config, LATE)

    assert trees(after) == trees(learned(config, LATE))


def test_an_interrupt_while_rows_are_read_is_not_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: OtherRows) -> Iterator[object]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(OtherRows, "__iter__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learned(configured(LATE), LATE)


def test_what_does_not_learn_from_the_disk_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"batch_rows is 2000, but forest cannot.*of xgboost"):
        learned(configured(LATE, "model.estimator=forest", "model.params={}"), LATE)


def test_a_category_that_no_step_takes_is_refused_with_what_to_do() -> None:
    rare = pl.when(pl.col("id") == 5).then(pl.lit("rare")).otherwise("shop").alias("shop")
    pl.read_parquet(FILE).with_columns(rare).write_parquet(FILE)
    steps = "preprocess.steps=[{step: one_hot, columns: text, params: {handle_unknown: error}}]"
    with pytest.raises(ConfigError, match=r"unknown categories.*raise model\.batch_rows"):
        learned(configured(LATE, steps), LATE)


def test_a_fallback_learns_from_the_sample_and_says_so() -> None:
    failing = learned(configured(LATE, "model.params.max_depth=-7"), LATE)

    assert (failing.estimator, failing.rows) == ("dummy", 2000)
    assert "dummy learned from a sample of 2,000 rows" in str(failing.fell_back)
