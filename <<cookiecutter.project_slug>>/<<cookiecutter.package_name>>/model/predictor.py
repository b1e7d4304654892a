"""What predicts: preprocessing and an estimator of any framework, behind one method."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..errors import ModelError, PipelineError
from ..split.target import Array, Target


@dataclass(frozen=True)
class PipelinePredictor:
    """A fitted pipeline that was trained on a target's codes or numbers."""

    pipeline: Any  # of scikit-learn: the steps "preprocess" and "model"
    target: Target

    def predict(self, x: pl.DataFrame) -> Array:
        """(n, k) probabilities in the order of the target's classes, or (n,) values.

        Raises:
            ModelError: the pipeline cannot answer these rows.
        """
        if x.is_empty():  # estimators refuse what has no row
            return np.empty((0, len(self.target.classes)) if self.target.classes else 0)
        try:
            if not self.target.is_classification:
                return np.asarray(self.pipeline.predict(x), dtype=np.float64).reshape(len(x))
            probabilities = np.zeros((len(x), len(self.target.classes)))
            codes = np.asarray(self.pipeline.classes_).astype(int)  # those of the training rows
            probabilities[:, codes] = self.pipeline.predict_proba(x)
        except (PipelineError, OSError, MemoryError):
            raise
        except Exception as error:  # a step or an estimator may raise anything
            reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise ModelError(
                f"the model cannot answer these rows: {reason}. Fix its class or its steps, and "
                "train it again.",
                "model.answer",
            ) from error
        return probabilities
