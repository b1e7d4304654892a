"""How good the model is on test rows: `python -m PACKAGE.stages.evaluate`."""

import json
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..evaluate import row_predictions
from ..evaluate.assessment import assess
from ..evaluate.cross_validation import cross_validate
from ..evaluate.importance import permutation
from ..evaluate.plots import plots
from ..evaluate.units import units
from ..model.metric import Metric, Predictions
from ..model.metrics import metrics
from ..model.model import Model
from ..model.training import ModelSpec
from ..paths import BEST, IMPORTANCE, METRICS, MODEL, PLOTS, TEST, TEST_PREDICTIONS, TRAIN
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from ..split.features import features
from ..split.splits import SplitSpec, folds
from ..split.target import Target

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write metrics, plots, importances and the test rows' predictions to reports/."""
    settings, rows = config.evaluate, pl.read_parquet(TEST)
    model = Model.load(MODEL, config.trusted)
    target, threshold = model.contract.target, model.contract.threshold
    wanted = metrics(settings.metrics, target)
    truth, predictions = model.contract.truth(rows), Predictions.of(model, rows)

    of_rows = units(rows, settings.unit, group=config.split.group, time=config.data.time)
    with atomic_write(TEST_PREDICTIONS) as partial:
        answers = target.to_frame(rows[model.contract.key], predictions.outputs, threshold)
        row_predictions.write(partial, target, answers, rows[target.column], of_rows)
    results = assess(
        wanted,
        target,
        truth,
        predictions,
        threshold,
        units=of_rows,
        resamples=settings.bootstrap,
        level=settings.level,
        seed=config.seed,
    )
    if config.split.folds:
        results["cross_validation"] = _cross_validated(config, target, wanted)
    write_json(METRICS, results)
    for name, points in plots(target, truth, predictions, config.seed).items():
        write_json(PLOTS / f"{name}.json", points)
    write_json(IMPORTANCE, permutation(model, rows, truth, wanted[0], seed=config.seed))
    log.info("evaluated", **{metric.name: round(results[metric.name], 4) for metric in wanted})


def _cross_validated(config: Config, target: Target, wanted: list[Metric]) -> dict[str, Any]:
    """The same model trained anew on folds of the training rows, dealt as the split deals rows."""
    rows, data, settings = pl.read_parquet(TRAIN), config.data, config.split
    spec = SplitSpec.from_config(data, settings, target)
    return cross_validate(
        ModelSpec.from_config(config, json.loads(BEST.read_text(encoding="utf-8"))),
        features(rows, data.target, data.key, data.ignore),
        target,
        target.encode(rows[data.target]),
        folds=folds(rows, spec, number=settings.folds, repeats=settings.repeats),
        wanted=wanted,
    )


if __name__ == "__main__":
    main()
