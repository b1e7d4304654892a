"""Preprocessing and estimator, fitted: `python -m PACKAGE.stages.train model=forest`."""

import json
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..model.contract import infer_contract
from ..model.persistence import save
from ..model.preprocessing import StepSpec
from ..model.training import ModelSpec, best_threshold, fit, score
from ..paths import BEST, CONTRACT, MODEL, TRAIN, VALIDATION
from ..runtime.stage import stage
from ..split.features import features
from ..split.keys import digests

log = structlog.get_logger()


@stage
def main(config: Config) -> float:
    """Write models/model/ and its contract; return the validation rows' ROC AUC, for sweeps."""
    from sklearn.metrics import roc_auc_score

    data = config.data
    train, validation = pl.read_parquet(TRAIN), pl.read_parquet(VALIDATION)
    best = json.loads(BEST.read_text(encoding="utf-8"))
    x = features(train, data.target, data.key, data.ignore)

    fitted = fit(spec(config, best), x, train[data.target])
    checked = features(validation, data.target, data.key, data.ignore)
    scores = score(fitted.pipeline, checked)

    contract = infer_contract(
        fitted,
        x,
        target=data.target,
        key=data.key,
        threshold=best_threshold(validation[data.target], scores),
    )
    keys = digests(pl.concat([train[data.key], validation[data.key]]))
    save(fitted.pipeline, contract, keys, MODEL, CONTRACT, own=own(config))
    auc = float(roc_auc_score(validation[data.target], scores))
    log.info("trained", model=fitted.adapter, rows=train.height, validation_roc_auc=round(auc, 4))
    return auc


def spec(config: Config, best: dict[str, Any]) -> ModelSpec:
    """What the configuration asks to train, with tuned parameters on top."""
    steps = [StepSpec(step.step, step.columns, step.params) for step in config.preprocess.steps]
    return ModelSpec(
        adapter=config.model.adapter,
        params=config.model.params | best,
        steps=steps,
        seed=config.seed,
        workers=config.compute.workers,
        fallback=config.model.fallback,
    )


def own(config: Config) -> list[str]:
    """What a model file may hold beside our own types: the dotted names of the configuration."""
    model = config.model
    steps = [step.step for step in config.preprocess.steps]
    return [n for n in (model.adapter, model.fallback, *steps, *model.trusted) if n and "." in n]


if __name__ == "__main__":
    main()
