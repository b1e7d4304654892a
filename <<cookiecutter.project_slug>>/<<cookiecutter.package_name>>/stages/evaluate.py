"""How good the model is on test rows: `python -m PACKAGE.stages.evaluate`."""

import json
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..evaluate.assessment import assess
from ..evaluate.cross_validation import cross_validate
from ..evaluate.importance import permutation
from ..evaluate.plots import curves
from ..model.contract import Contract
from ..model.persistence import load
from ..model.training import score
from ..paths import BEST, CONTRACT, IMPORTANCE, METRICS, MODEL, PLOTS, TEST, TEST_PREDICTIONS, TRAIN
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from ..split.features import features
from ..split.splits import folds
from .split import plan
from .train import own, spec

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write metrics, curves, importances and the test rows' predictions to reports/."""
    settings = config.evaluate
    rows = pl.read_parquet(TEST)
    pipeline, contract = load(MODEL, CONTRACT, own(config))
    x = contract.select(rows)
    truth = contract.truth(rows)
    scores = score(pipeline, x)

    with atomic_write(TEST_PREDICTIONS) as partial:
        pl.DataFrame([rows[contract.key], truth, scores]).write_parquet(partial)
    found = assess(
        settings.metrics,
        truth.to_numpy(),
        scores.to_numpy(),
        contract.threshold,
        resamples=settings.bootstrap,
        level=settings.level,
        seed=config.seed,
    )
    if config.split.folds:
        found["cross_validation"] = _cross_validated(config, contract)
    write_json(METRICS, found)
    for name, curve in curves(truth.to_numpy(), scores.to_numpy(), contract.threshold).items():
        write_json(PLOTS / f"{name}.json", curve)
    write_json(IMPORTANCE, permutation(pipeline, x, truth, seed=config.seed))
    log.info("evaluated", **{name: round(found[name], 4) for name in settings.metrics})


def _cross_validated(config: Config, contract: Contract) -> dict[str, Any]:
    """The same model trained anew on folds of the training rows, dealt as the split deals rows."""
    rows = pl.read_parquet(TRAIN)
    data, split = config.data, config.split
    return cross_validate(
        spec(config, json.loads(BEST.read_text(encoding="utf-8"))),
        features(rows, data.target, data.key, data.ignore),
        rows[data.target],
        folds=folds(rows, plan(config), number=split.folds, repeats=split.repeats),
        names=config.evaluate.metrics,
        threshold=contract.threshold,
    )


if __name__ == "__main__":
    main()
