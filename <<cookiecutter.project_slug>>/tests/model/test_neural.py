"""The neural network for tables; with the extra `torch`."""

import json
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.model.flavors import (
    torch as flavor,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.neural.inputs import Inputs
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..models import LATE, STEPS, TARGETS, fitted, model

pytest.importorskip("torch")

CATEGORY = [*STEPS[:2], Step("category", "text"), STEPS[3]]
DECIDING = {Task.BINARY: "roc_auc", Task.MULTICLASS: "accuracy", Task.REGRESSION: "r2"}


def spec(**params: object) -> ModelSpec:
    known = {"hidden": [32], "epochs": 60, "batch_size": 64, "learning_rate": 0.02}
    return ModelSpec("torch_mlp", known | params, CATEGORY, seed=1)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_enums_are_codes_and_the_rest_are_numbers() -> None:
    enum = pl.Enum(["a", "b"])
    frame = pl.DataFrame(
        {"x": [1.5, None], "c": pl.Series(["b", None], dtype=enum), "t": [True, False]}
    )
    inputs = Inputs.of(frame)

    assert inputs.numbers.tolist() == [[1.5, 1.0], [0.0, 0.0]]
    assert inputs.codes.tolist() == [[2], [0]]
    assert inputs.counts == (3,)
    assert Inputs.of(np.array([[1.0, np.nan]])).numbers.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("target", TARGETS.values(), ids=str)
def test_it_learns_is_saved_and_answers_as_before(rows: pl.DataFrame, target: Target) -> None:
    hint = rows.with_columns(hint=pl.col(target.column) * 2.0)
    trained = model(hint, spec(), target)
    trained.save(Path("model"))
    loaded = Model.load(Path("model"))
    score = METRICS[DECIDING[target.task]](
        target, trained.contract.truth(hint), Predictions.of(trained, hint)
    )

    assert score > 0.8
    assert loaded.predict(hint).equals(trained.predict(hint))
    assert set(loaded.contract.files) == {
        "preprocess.skops",
        "model.safetensors",
        "network.json",
        "learned_keys.npy",
    }


def test_it_learns_from_a_category_alone(rows: pl.DataFrame) -> None:
    with_note = rows.with_columns(
        note=pl.when(pl.col("late") == 1).then(pl.lit("x")).otherwise(pl.lit("y"))
    )
    trained = model(with_note, spec())
    asked = with_note.with_columns(note=pl.lit("never seen"))

    assert (trained.predict(with_note)["prediction"] == with_note["late"]).mean() > 0.95
    assert trained.predict(asked).height == 600  # an unknown value is a null


def test_the_same_seed_gives_the_same_network_and_another_another(rows: pl.DataFrame) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        seeded = ModelSpec("torch_mlp", {"epochs": 2, "hidden": [8]}, CATEGORY, seed=seed)
        model(rows, seeded).save(Path(name))
    weights = [Path(name, "model.safetensors").read_bytes() for name in "abc"]

    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"epochs": 0}, "epochs is 0; expected is a whole number from 1"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"learning_rate": 0}, "learning_rate is 0; expected is a number above 0"),
        ({"device": "abacus"}, "device is 'abacus'"),
        ({"layers": 3}, "has no parameter layers"),
    ],
)
def test_a_parameter_out_of_range_is_refused(
    rows: pl.DataFrame, params: dict[str, object], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        fitted(rows, spec(**params))


class Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("ran"),)


def header(length: int, **tensor: object) -> bytes:
    text = json.dumps({"layers.0.weight": tensor}).encode()
    return (length or len(text)).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", pickle.dumps(Runs())),
        ("model.safetensors", header(2**62)),
        ("model.safetensors", header(0, dtype="F32", shape=[2**40], data_offsets=[0, 2**42])),
        ("model.safetensors", header(0, dtype="F32", shape=[0], data_offsets=[0, 0])),
        ("network.json", b"{}"),
        ("network.json", b"[" * 100_000),
        ("preprocess.skops", pickle.dumps(Runs())),
    ],
    ids=["pickle", "long header", "far offsets", "other layers", "empty", "nested", "skops"],
)
def test_a_hostile_file_is_refused_and_runs_nothing(
    rows: pl.DataFrame, name: str, content: bytes
) -> None:
    Path("model").mkdir()
    predictor = fitted(rows, spec(epochs=1)).predictor
    flavor.save(predictor.pipeline, Path("model"), [])
    Path("model", name).write_bytes(content)

    with pytest.raises(ModelError, match="no usable model"):
        flavor.load(Path("model"), LATE, [])
    assert not Path("ran").exists()
