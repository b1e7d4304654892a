"""How good the model is on test rows: `python -m PACKAGE.stages.evaluate`."""

from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..evaluate.assessment import assess
from ..evaluate.importance import permutation
from ..evaluate.plots import curves
from ..model.store import load
from ..model.training import score
from ..runtime.artifacts import replacing, write_json
from ..runtime.stage import stage
from .split import TEST
from .train import CONTRACT, MODEL

METRICS = Path("reports/metrics.json")
IMPORTANCE = Path("reports/importance.json")
PREDICTIONS = Path("reports/test_predictions.parquet")
PLOTS = Path("reports/plots")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write metrics, curves, importances and the test rows' predictions to reports/."""
    settings = config.evaluate
    rows = pl.read_parquet(TEST)
    pipeline, contract = load(MODEL, CONTRACT)
    x = contract.select(rows)
    truth = contract.truth(rows)
    scores = score(pipeline, x)

    with replacing(PREDICTIONS) as partial:
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
    write_json(METRICS, found)
    for name, curve in curves(truth.to_numpy(), scores.to_numpy(), contract.threshold).items():
        write_json(PLOTS / f"{name}.json", curve)
    write_json(IMPORTANCE, permutation(pipeline, x, truth, seed=config.seed))
    log.info("evaluated", **{name: round(found[name], 4) for name in settings.metrics})


if __name__ == "__main__":
    main()
