"""How good the model is on test rows: `python -m PACKAGE.stages.evaluate`."""

import json

import polars as pl
import structlog

from ..config import Config
from ..evaluate import row_predictions
from ..evaluate.adjustments import check_adjustments
from ..evaluate.assessment import assess
from ..evaluate.evidence import Evidence
from ..evaluate.importance import permutation
from ..evaluate.plots import plots
from ..evaluate.retraining import retrain
from ..evaluate.shap_values import shap_values
from ..evaluate.slices import measure_slices
from ..evaluate.slicing import slicing
from ..model.metric import Predictions
from ..model.metrics import metrics
from ..model.on_disk import training_rows
from ..model.origin import model_of_split
from ..paths import (
    BEST,
    IMPORTANCE,
    METRICS,
    PLOTS,
    SHAP,
    SLICES,
    TEST,
    TEST_PREDICTIONS,
    TRAIN,
    VALIDATION,
)
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from ..split.units import units

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write metrics, slices, plots, importances and the test rows' predictions to reports/."""
    settings, rows = config.evaluate, pl.read_parquet(TEST)
    model = model_of_split(config.trusted)
    contract, target = model.contract, model.contract.target
    wanted = metrics(settings.metrics, target)
    of_rows = units(rows, settings.unit, group=config.split.group, time=config.data.time)
    parts = slicing(rows, settings.sliced_by, of_rows, settings.level)
    shap = shap_values(settings.explain, model, rows, seed=config.seed)
    truth, predictions = contract.truth(rows), Predictions.of(model, rows)
    raw = None if contract.calibration is None else model.raw_outputs(rows)
    with atomic_write(TEST_PREDICTIONS) as partial:
        answers = contract.answers(rows, predictions.outputs)
        row_predictions.write(partial, target, answers, rows[target.column], of_rows)
    drawn = settings.bootstrap, settings.level, config.seed
    evidence = Evidence(target, truth, predictions, of_rows, *drawn)
    results = assess(wanted, target, truth, predictions, contract.threshold, **evidence.sampling)
    results |= check_adjustments(contract, settings.threshold, evidence, raw)
    results["fell_back"] = contract.fell_back
    slices = measure_slices(parts, wanted[0], evidence)
    results["warnings"] += slices.warnings
    if config.split.folds or settings.learning_curve.shares:
        seen = {"train": training_rows(TRAIN, config), "validation": pl.read_parquet(VALIDATION)}
        results |= retrain(config, json.loads(BEST.read_bytes()), target, wanted, **seen, test=rows)
    for path, report in {METRICS: results, SLICES: slices.to_json(), SHAP: shap}.items():
        write_json(path, report)
    curve = {"learning_curve": results.get("learning_curve", {}).get("points", [])}
    for name, points in (plots(target, truth, predictions, config.seed, raw) | curve).items():
        write_json(PLOTS / f"{name}.json", points)
    write_json(IMPORTANCE, permutation(model, rows, truth, wanted[0], seed=config.seed))
    for warning in results["warnings"]:
        log.warning(warning)
    log.info("evaluated", **{metric.name: round(results[metric.name], 4) for metric in wanted})


if __name__ == "__main__":
    main()
