"""What validation rows add to a trained predictor: calibration, threshold and conformal quantile.

All three come of the same rows. So that none flatters itself, the threshold and the quantile are
taken from probabilities that are calibrated across folds: no row's own answer shaped its curve.
"""

from dataclasses import dataclass

import numpy as np
import structlog

from ..config import Config
from ..config.evaluate import Threshold
from ..errors import ConfigError, DataError
from ..split.target import Array, Target, Task
from ..split.units import Units
from .calibration import Calibration, cross_fitted, fit_calibration
from .conformal import Conformal, check_units, fit_conformal
from .threshold import best_threshold, check_reached

log = structlog.get_logger()

MIDDLE = 0.5  # the threshold where none can be chosen


@dataclass(frozen=True)
class AdjustmentSpec:
    """What is asked for."""

    threshold: Threshold
    calibration: str  # none, sigmoid, isotonic
    conformal: float | None  # level
    seed: int

    @classmethod
    def from_config(cls, config: Config) -> "AdjustmentSpec":
        """What the configuration asks for."""
        asked = config.evaluate
        return cls(asked.threshold, config.model.calibration, asked.conformal, config.seed)

    def check(self, target: Target, truth: Array, units: Units) -> None:
        """Refuse, before hours of training, what cannot be done with these validation rows.

        Args:
            target: what is predicted.
            truth: (n,) class codes, or numbers.
            units: of the n rows.

        Raises:
            ConfigError: the target's task has no such thing.
            DataError: the rows are too few, or of one class.
        """
        if self.calibration != "none" and not target.is_classification:
            raise ConfigError(
                f"model.calibration is {self.calibration}, but {target.column!r} is a regression "
                "target, which has no probabilities. Set it to none in conf/model.",
                "config.calibration",
            )
        if self.threshold.aim != "f1" and target.task is not Task.BINARY:
            raise ConfigError(
                f"evaluate.threshold has the aim {self.threshold.aim}, but {target.column!r} is a "
                f"{target.task} target, and only a binary one has a threshold. Remove it from "
                "conf/evaluate.",
                "config.threshold",
            )
        if self.threshold.aim in ("cost", "precision") and np.unique(truth).size < 2:
            raise DataError(
                f"the {truth.size} validation rows hold one class, so no threshold can be chosen "
                f"for the aim {self.threshold.aim}. Raise split.validation, or fix the threshold.",
                "data.one_class",
            )
        if self.conformal is not None:
            check_units(self.conformal, units)


@dataclass(frozen=True)
class Adjustment:
    """What a model adds to its predictor, and the validation rows' outputs with it."""

    outputs: Array  # (n, k) probabilities or (n,) values
    calibration: Calibration | None
    threshold: float | None
    conformal: Conformal | None


def adjust(
    spec: AdjustmentSpec, target: Target, outputs: Array, truth: Array, units: Units
) -> Adjustment:
    """What is asked for, from rows that are new to the predictor; ``spec.check`` them first.

    Args:
        spec: what is asked for.
        target: what is predicted.
        outputs: of the predictor, (n, k) probabilities or (n,) values.
        truth: (n,) class codes, or numbers.
        units: of the n rows.

    Raises:
        DataError: there are too few rows to calibrate.
        ModelError: the precision that is asked for is not reached.
    """
    calibration = None
    if spec.calibration != "none":
        calibration = fit_calibration(spec.calibration, outputs, truth)
        outputs = cross_fitted(spec.calibration, outputs, truth, units, spec.seed)
    conformal = None
    if spec.conformal is not None:
        conformal = fit_conformal(spec.conformal, target, outputs, truth, units)
    return Adjustment(outputs, calibration, _threshold(spec, target, outputs, truth), conformal)


def _threshold(spec: AdjustmentSpec, target: Target, outputs: Array, truth: Array) -> float | None:
    if target.task is not Task.BINARY:
        return None
    if spec.threshold.aim == "f1" and np.unique(truth).size < 2:
        log.warning(
            "the validation rows hold one class, so no threshold can be chosen", threshold=MIDDLE
        )
        return MIDDLE
    threshold = best_threshold(truth, outputs[:, 1], spec.threshold)
    check_reached(truth, outputs[:, 1], threshold, spec.threshold)
    return threshold
