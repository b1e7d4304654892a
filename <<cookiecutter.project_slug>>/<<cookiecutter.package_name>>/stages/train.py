"""Preprocessing and estimator, fitted: `python -m PACKAGE.stages.train model=forest`."""

import json
from dataclasses import asdict, replace
from itertools import chain

import numpy as np
import polars as pl
import structlog

from ..config import Config
from ..model.adjustment import AdjustmentSpec, adjust
from ..model.infer_contract import infer_contract
from ..model.metric import Predictions
from ..model.metrics import metrics
from ..model.model import Model
from ..model.on_disk import OtherRows, training_rows
from ..model.origin import file_hashes
from ..model.training import ModelSpec, fit
from ..paths import BEST, CHECKPOINT, MODEL, SPLIT, TRAIN, VALIDATION
from ..runtime.parquet import read_batches
from ..runtime.resumable import digest
from ..runtime.stage import stage
from ..split.features import features
from ..split.keys import digests
from ..split.target import read_target
from ..split.units import units

log = structlog.get_logger()


@stage
def main(config: Config) -> float:
    """Write models/model/; return the validation rows' deciding metric; more is better."""
    data, target = config.data, read_target(SPLIT)
    deciding = metrics(config.evaluate.metrics, target)[0]
    train, validation = training_rows(TRAIN, config), pl.read_parquet(VALIDATION)
    spec = ModelSpec.from_config(config, json.loads(BEST.read_text(encoding="utf-8")))
    x = features(train, data.target, data.key, data.ignore)
    asked, truth = AdjustmentSpec.from_config(config), target.encode(validation[data.target])
    of_rows = units(validation, config.evaluate.unit, group=config.split.group, time=data.time)
    asked.check(target, truth, of_rows)
    held_out = features(validation, data.target, data.key, data.ignore), truth
    y = target.encode(train[data.target])

    others = OtherRows.from_config(config, TRAIN, target)
    fitted = fit(spec, x, target, y, held_out=held_out, checkpoint=CHECKPOINT, others=others)
    adjusted = adjust(asked, target, fitted.predictor.predict(held_out[0]), truth, of_rows)
    threshold = adjusted.threshold
    contract = replace(
        infer_contract(fitted, x, target=target, key=data.key, threshold=threshold),
        calibration=adjusted.calibration,
        conformal=adjusted.conformal,
        hashes=_hashes(config, spec, asked),
    )
    learned = chain(*(read_batches(file, columns=[data.key]) for file in (TRAIN, VALIDATION)))
    keys = np.concatenate([digests(rows[data.key]) for rows in learned])
    Model(fitted.predictor, contract, keys).save(MODEL, config.trusted)

    predictions = Predictions(adjusted.outputs, target.answers(adjusted.outputs, threshold))
    value = {deciding.name: round(deciding(target, truth, predictions), 4)}
    log.info("trained", model=fitted.estimator, rows=fitted.rows, validation=value)
    return deciding.score(target, truth, predictions)


def _hashes(config: Config, spec: ModelSpec, asked: AdjustmentSpec) -> dict[str, str]:
    """Of all that the model follows from but code: of other settings it must not depend."""
    settings = [asdict(part) for part in (spec, asked, config.data)]
    by = [config.split.group, config.evaluate.unit]
    return file_hashes() | {"config": digest(settings, by)}


if __name__ == "__main__":
    main()
