"""Classifier and regressor of a neural network for tables."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ...split.target import Array
from . import loop
from .inputs import Inputs
from .network import build


class _Neural(BaseEstimator):  # type: ignore[misc]
    """What both share.

    Args:
        hidden: widths of the layers; two by default.
        dropout: share of a layer's outputs that are left out in training.
        learning_rate: of AdamW (Loshchilov, Hutter 2019).
        weight_decay: of AdamW.
        batch_size: rows a step.
        epochs: at most.
        patience: epochs without a better validation loss, after which training ends.
        device: of torch; ``auto`` is a GPU where there is one.
        mixed_precision: bfloat16 where the device is a GPU.
        n_jobs: threads; -1 all.
        random_state: of weights, order and dropout.
    """

    def __init__(
        self,
        *,
        hidden: list[int] | None = None,
        dropout: float = 0.1,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        batch_size: int = 512,
        epochs: int = 40,
        patience: int = 5,
        device: str = "auto",
        mixed_precision: bool = True,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.device = device
        self.mixed_precision = mixed_precision
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(
        self,
        x: Any,
        y: Array,
        *,
        validation: tuple[Any, Array] | None = None,
        checkpoint: Path | None = None,
        report: loop.Report | None = None,
    ) -> Self:
        """Train on n rows.

        Args:
            x: (n, k) an array of numbers, or a polars frame with codes of categories.
            y: (n,) labels, or numbers.
            validation: other rows, on which training stops early.
            checkpoint: a file from which a killed training of the same goes on.
            report: called with each epoch's number and validation loss.

        Raises:
            ModelError: the loss is not finite, or memory does not suffice.
        """
        inputs = Inputs.of(x)
        self._learn_targets(np.asarray(y))
        self.numbers_, self.categories_ = inputs.numbers.shape[1], inputs.counts
        held_out = None
        if validation is not None and len(validation[1]):
            other = Inputs.of(validation[0]).within(self.categories_)
            held_out = other, self._targets(np.asarray(validation[1]))
        self.network_ = self._build()
        state = loop.train(
            self.network_,
            self._loss,
            (inputs, self._targets(np.asarray(y))),
            held_out,
            self._settings(),
            checkpoint=checkpoint,
            report=report,
        )
        self.losses_ = state.losses
        return self

    def _build(self) -> Any:
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            return build(
                self.numbers_,
                self.categories_,
                self._width(),
                hidden=list(self.hidden or (128, 64)),
                dropout=self.dropout,
            )

    def _settings(self) -> loop.Settings:
        import torch

        gpu = "cuda" if torch.cuda.is_available() else "cpu"
        return loop.Settings(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            epochs=self.epochs,
            patience=self.patience,
            seed=self.random_state,
            device=gpu if self.device == "auto" else self.device,
            mixed_precision=self.mixed_precision,
            threads=self.n_jobs,
        )

    def _outputs(self, x: Any) -> Array:
        check_is_fitted(self, "network_")
        inputs = Inputs.of(x).within(self.categories_)
        return loop.outputs(self.network_, inputs, self._settings())

    def _learn_targets(self, y: Array) -> None:
        raise NotImplementedError

    def _targets(self, y: Array) -> Array:
        raise NotImplementedError

    def _width(self) -> int:
        raise NotImplementedError

    def _loss(self, outputs: Any, targets: Any) -> Any:
        raise NotImplementedError


class NeuralClassifier(ClassifierMixin, _Neural):  # type: ignore[misc]
    """Classes by cross-entropy."""

    def _learn_targets(self, y: Array) -> None:
        self.classes_ = np.unique(y)

    def _targets(self, y: Array) -> Array:
        return np.searchsorted(self.classes_, y).astype(np.int64)

    def _width(self) -> int:
        return len(self.classes_)

    def _loss(self, outputs: Any, targets: Any) -> Any:
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, targets)

    def predict_proba(self, x: Any) -> Array:
        """(n, classes) probabilities, in the order of ``classes_``."""
        from scipy.special import softmax

        return np.asarray(softmax(self._outputs(x), axis=1))

    def predict(self, x: Any) -> Array:
        """(n,) of the classes."""
        return np.asarray(self.classes_[self.predict_proba(x).argmax(axis=1)])


class NeuralRegressor(RegressorMixin, _Neural):  # type: ignore[misc]
    """Numbers by squared error, on a scale on which they have mean 0 and variance 1."""

    def _learn_targets(self, y: Array) -> None:
        self.center_, self.scale_ = float(y.mean()), float(y.std()) or 1.0

    def _targets(self, y: Array) -> Array:
        return ((y - self.center_) / self.scale_).astype(np.float32)

    def _width(self) -> int:
        return 1

    def _loss(self, outputs: Any, targets: Any) -> Any:
        from torch.nn.functional import mse_loss

        return mse_loss(outputs[:, 0], targets)

    def predict(self, x: Any) -> Array:
        """(n,) values."""
        return self._outputs(x)[:, 0] * self.scale_ + self.center_
