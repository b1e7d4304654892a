"""Classifier and regressor of a neural network for tables."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ...errors import ConfigError
from ...split.target import Array
from ..networks import Classes, NetworkEstimator, Quantity
from ..rounds import Rounds
from . import loop
from .inputs import Inputs
from .network import build

WHOLE = ("batch_size", "epochs", "patience")  # parameters that are whole numbers from 1
POSITIVE = ("learning_rate",)


class Neural(NetworkEstimator):
    """What both share.

    Args:
        hidden: widths of the layers; two by default.
        dropout: share of a layer's outputs that are left out in training.
        learning_rate: of AdamW (Loshchilov, Hutter 2019).
        weight_decay: of AdamW.
        batch_size: rows a step.
        epochs: at most.
        patience: epochs without a better loss of held-out rows, after which training ends.
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

    def fit(self, x: Any, y: Array, rounds: Rounds | None = None) -> Self:
        """Train on n rows.

        Args:
            x: (n, k) an array of numbers, or a polars frame whose Enum columns are categories.
            y: (n,) labels, or numbers.
            rounds: rows on which training stops early, checkpoint, report.

        Raises:
            ConfigError: a parameter is out of range.
            ModelError: the loss is not finite, or memory does not suffice.
        """
        self._check()
        rounds, inputs, y = rounds or Rounds(), Inputs.of(x), np.asarray(y)
        self.learn_targets(y)
        self.build(inputs.numbers.shape[1], inputs.counts)
        held_out = None
        if rounds.held_out is not None:
            held_out = Inputs.of(rounds.held_out[0]), self.targets(np.asarray(rounds.held_out[1]))
        rows = inputs, self.targets(y)
        settings = self._settings()
        loop.train(self.network_, self.loss, rows, held_out, settings=settings, rounds=rounds)
        return self

    def build(self, numbers: int, categories: tuple[int, ...]) -> None:
        """An untrained network for so many numbers and so many codes of each category."""
        import torch

        self.numbers_, self.categories_ = numbers, categories
        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            self.network_ = build(
                numbers,
                list(categories),
                self.width(),
                hidden=list(self.hidden or (128, 64)),
                dropout=self.dropout,
            )

    def _check(self) -> None:
        for name in (*WHOLE, *POSITIVE):
            value = getattr(self, name)
            if value <= 0 or (name in WHOLE and type(value) is not int):
                kind = "a whole number from 1" if name in WHOLE else "a number above 0"
                raise ConfigError(
                    f"model.params.{name} is {value}; expected is {kind}.", "config.model_params"
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

    def outputs(self, x: Any) -> Array:
        """What the network says, (n, width)."""
        check_is_fitted(self, "network_")
        return loop.outputs(self.network_, Inputs.of(x), self._settings())

    @abstractmethod
    def loss(self, outputs: Any, targets: Any) -> Any:
        """What is minimised: its mean over n rows."""


class NeuralClassifier(Classes, Neural):
    """Classes by cross-entropy."""

    def loss(self, outputs: Any, targets: Any) -> Any:
        """Cross-entropy."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, targets)


class NeuralRegressor(Quantity, Neural):
    """A number by squared error."""

    def loss(self, outputs: Any, targets: Any) -> Any:
        """Mean squared error."""
        from torch.nn.functional import mse_loss

        return mse_loss(outputs[:, 0], targets)
