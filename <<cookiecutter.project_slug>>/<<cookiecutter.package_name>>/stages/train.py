"""Preprocessing and estimator, fitted: `python -m PACKAGE.stages.train model=forest`."""

import json

import polars as pl
import structlog

from ..config import Config
from ..model.infer_contract import infer_contract
from ..model.metric import Predictions
from ..model.metrics import metrics
from ..model.model import Model
from ..model.training import ModelSpec, best_threshold, fit
from ..paths import BEST, CHECKPOINT, MODEL, SPLIT, TRAIN, VALIDATION
from ..runtime.stage import stage
from ..split.features import features
from ..split.keys import digests
from ..split.target import Task, read_target

log = structlog.get_logger()


@stage
def main(config: Config) -> float:
    """Write models/model/; return the validation rows' deciding metric; more is better."""
    data, target = config.data, read_target(SPLIT)
    deciding = metrics(config.evaluate.metrics, target)[0]
    train, validation = pl.read_parquet(TRAIN), pl.read_parquet(VALIDATION)
    spec = ModelSpec.from_config(config, json.loads(BEST.read_text(encoding="utf-8")))
    x = features(train, data.target, data.key, data.ignore)

    held_out = features(validation, data.target, data.key, data.ignore)
    truth = target.encode(validation[data.target])

    y = target.encode(train[data.target])
    fitted = fit(spec, x, target, y, held_out=(held_out, truth), checkpoint=CHECKPOINT)
    outputs = fitted.predictor.predict(held_out)
    threshold = best_threshold(truth, outputs[:, 1]) if target.task is Task.BINARY else None
    contract = infer_contract(fitted, x, target=target, key=data.key, threshold=threshold)
    keys = digests(pl.concat([train[data.key], validation[data.key]]))
    Model(fitted.predictor, contract, keys).save(MODEL, config.trusted)

    predictions = Predictions(outputs, target.answers(outputs, threshold))
    value = {deciding.name: round(deciding(target, truth, predictions), 4)}
    log.info("trained", model=fitted.estimator, rows=train.height, validation=value)
    return deciding.score(target, truth, predictions)


if __name__ == "__main__":
    main()
