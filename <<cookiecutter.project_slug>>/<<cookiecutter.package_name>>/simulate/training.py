"""A model of the rows that are known at a moment, as the stages make one of all rows."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ..config import Config
from ..config.drift import Drift
from ..config.gate import Gate
from ..evaluate.assessment import constant_answer
from ..evaluate.intervals import Replicates, replicate
from ..evaluate.paired import Comparison, compare
from ..evaluate.row_predictions import RowPredictions
from ..model.adjustment import AdjustmentSpec, adjust
from ..model.infer_contract import infer_contract
from ..model.metric import Metric, Predictions
from ..model.metrics import metrics
from ..model.model import Model
from ..model.training import ModelSpec, fit
from ..monitor.baseline import Baseline
from ..monitor.reference import learn_baseline
from ..registry.conditions import Condition, conditions
from ..split.features import features
from ..split.keys import digests
from ..split.splits import Splits, SplitSpec, split
from ..split.target import Array, Target
from ..split.units import Units, units

LOG_LOSS = "log_loss"  # is measured beside the metric that decides


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: each time alike, on the rows that are known."""

    spec: ModelSpec
    adjustment: AdjustmentSpec
    split: SplitSpec
    validation: float  # share of the rows
    test: float | None
    ignore: list[str]  # columns that are no features

    @classmethod
    def from_config(cls, config: Config, target: Target, tuned: dict[str, Any]) -> "Recipe":
        """As the configuration asks, with tuned parameters on top."""
        return cls(
            ModelSpec.from_config(config, tuned),
            AdjustmentSpec.from_config(config),
            SplitSpec.from_config(config.data, config.split, target),
            config.split.validation,
            config.split.test,
            config.data.ignore,
        )

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self.split.target

    def units(self, rows: pl.DataFrame, setting: str) -> Units:
        """The units of n rows, by ``evaluate.unit``."""
        return units(rows, setting, group=self.split.group, time=self.split.time)


@dataclass(frozen=True)
class Rules:
    """How models are measured, watched and compared."""

    metrics: list[Metric]  # the first one decides
    unit: str  # as evaluate.unit
    drift: Drift
    gate: Gate
    bootstrap: int
    level: float
    seed: int

    @classmethod
    def from_config(cls, config: Config, target: Target) -> "Rules":
        """As the configuration asks; log loss is measured beside the metric that decides."""
        asked = config.evaluate
        names = [asked.metrics[0], *([LOG_LOSS] if target.is_classification else [])]
        return cls(
            metrics(list(dict.fromkeys(names)), target),
            asked.unit,
            config.drift,
            config.gate,
            asked.bootstrap,
            asked.level,
            config.seed,
        )


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, and what its test rows, which it did not learn from, say of it."""

    model: Model
    test: pl.DataFrame
    baseline: Baseline
    tested: RowPredictions
    promised: Replicates  # the deciding metric of these
    results: Mapping[
        str, Any
    ]  # the same as the report has it, also of a constant answer: ``dummy``
    constant: Comparison  # with a constant answer
    conditions: list[Condition]  # of the gate

    @property
    def gain(self) -> float:
        """Over a constant answer, in the deciding metric; above 0, it is better."""
        return self.constant.gain or 0.0


def train(recipe: Recipe, rules: Rules, rows: pl.DataFrame) -> Trained:
    """Train a model on n labelled rows; nothing is left on the disk.

    Raises:
        ConfigError, DataError, ModelError: as the stages split, train, baseline and register.
    """
    parts = split(rows, recipe.split, validation=recipe.validation, test=recipe.test)
    model = _fitted(recipe, rules, parts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"{part}.parquet" for part in parts.named()]
        for file, part in zip(files, parts.named().values(), strict=True):
            part.write_parquet(file)
        time, seed = recipe.split.time, rules.seed
        baseline = learn_baseline(model, files, files[-1], rules.drift, time=time, seed=seed)
        if rules.gate.size_mb is not None:
            model.save(folder / "model", recipe.spec.own)
        measured = conditions(model, folder / "model", parts.test, rules.metrics[0], rules.gate)
    tested = _tested(recipe, rules, model, parts.test)
    constant = constant_answer(recipe.target, tested.truth, model.contract.threshold)
    deciding, of_rows = rules.metrics[0], (recipe.target, tested.truth)
    drawn: dict[str, Any] = {
        "units": tested.units,
        "resamples": rules.bootstrap,
        "seed": rules.seed,
    }
    pair = [replicate(deciding, *of_rows, one, **drawn) for one in (tested.predictions, constant)]
    name = deciding.name
    return Trained(
        *(model, parts.test, baseline, tested, pair[0]),
        results={name: pair[0].whole, "dummy": {name: pair[1].whole}},
        constant=compare(*pair, level=rules.level, seed=rules.seed),
        conditions=measured,
    )


def _fitted(recipe: Recipe, rules: Rules, parts: Splits) -> Model:
    """As stage ``train`` makes it."""
    target, key, asked = recipe.target, recipe.split.key, recipe.adjustment
    (x, y), held_out = (_inputs(recipe, part) for part in (parts.train, parts.validation))
    of_rows = recipe.units(parts.validation, rules.unit)
    asked.check(target, held_out[1], of_rows)
    fitted = fit(recipe.spec, x, target, y, held_out=held_out)
    adjusted = adjust(asked, target, fitted.predictor.predict(held_out[0]), held_out[1], of_rows)
    contract = infer_contract(fitted, x, target=target, key=key, threshold=adjusted.threshold)
    contract = replace(contract, calibration=adjusted.calibration, conformal=adjusted.conformal)
    learned = pl.concat([parts.train[key], parts.validation[key]])
    return Model(fitted.predictor, contract, digests(learned))


def _inputs(recipe: Recipe, rows: pl.DataFrame) -> tuple[pl.DataFrame, Array]:
    target = recipe.target
    x = features(rows, target.column, recipe.split.key, recipe.ignore)
    return x, target.encode(rows[target.column])


def _tested(recipe: Recipe, rules: Rules, model: Model, rows: pl.DataFrame) -> RowPredictions:
    contract = model.contract
    return RowPredictions(
        *(recipe.target, contract.keys(rows), contract.truth(rows)),
        *(Predictions.of(model, rows), recipe.units(rows, rules.unit)),
    )
