"""A training inside of a bake, for `resume.py`: `python trainings.py PACKAGE NAME FOLDER`.

It writes `FOLDER/model`, and a checkpoint beside it as often as it can; the files `FOLDER/begun`
and `FOLDER/learned` say when learning begins and has ended.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS, HELD_OUT, FEW = 6000, 2000, 100
TRAININGS: dict[str, tuple[str, dict[str, Any]]] = {
    "xgboost": (
        "xgboost",
        {"n_estimators": 600, "learning_rate": 0.02, "early_stopping_rounds": 100},
    ),
    "xgboost that samples": (
        "xgboost",
        {"n_estimators": 1200, "learning_rate": 0.01, "subsample": 0.5, "colsample_bytree": 0.7},
    ),
    "torch_mlp": ("torch_mlp", {"epochs": 25, "patience": 25, "batch_size": 128}),
}


def ours(module: str) -> Any:
    """A module of the bake's package, which the command names."""
    return importlib.import_module(f"{sys.argv[1]}.{module}")


def table() -> pl.DataFrame:
    """Simulated rows: a key, a category, columns of noise, a target that some of them move."""
    rng = np.random.default_rng(0)
    x, place = rng.normal(size=(ROWS, 8)), rng.integers(0, 12, ROWS)
    odds = np.exp(x[:, 0] + x[:, 1] * x[:, 2] + place / 6 - 1)
    columns = {f"x{number}": x[:, number] for number in range(x.shape[1])}
    late = (rng.random(ROWS) < odds / (1 + odds)).astype(int)
    places = [f"place {number}" for number in place]
    return pl.DataFrame({"id": np.arange(ROWS), "place": places, **columns, "late": late})


def main(name: str, folder: Path) -> None:
    """Train, or go on where a killed process was, and save the model."""
    training, rounds = ours("model.training"), ours("model.rounds")
    target = ours("split.target").Target("late", ours("split.target").Task.BINARY, (0, 1))
    step = ours("config.preprocess").Step
    estimator, params = TRAININGS[name]
    spec = training.ModelSpec(estimator, params, [step("category", "text")], seed=1)
    rows = table()
    x, truth = rows.drop("id", "late"), target.encode(rows["late"])
    learned, held_out = slice(HELD_OUT, None), slice(None, HELD_OUT)
    few = x[:FEW], target, truth[:FEW]
    training.fit(spec, *few, held_out=(x[:FEW], truth[:FEW]))  # so that all libraries are loaded
    rounds.Checkpoint.every_s = 0.05

    (folder / "begun").touch()
    fitted = training.fit(
        spec,
        x[learned],
        target,
        truth[learned],
        held_out=(x[held_out], truth[held_out]),
        checkpoint=folder / "checkpoint",
    )
    (folder / "learned").touch()
    contract = ours("model.infer_contract").infer_contract(
        fitted, x[learned], target=target, key="id", threshold=0.5
    )
    keys = ours("split.keys").digests(rows["id"])
    ours("model.model").Model(fitted.predictor, contract, keys).save(folder / "model")


if __name__ == "__main__":
    sys.path.insert(0, ".")
    main(sys.argv[2], Path(sys.argv[3]))
