"""Classifier and regressor of a pretrained language model, trained on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ...errors import ConfigError, ResourceError
from ...split.target import Array
from ..networks import Classes, NetworkEstimator, Quantity
from ..rounds import Rounds
from . import library, trainer
from .texts import texts


class Transformer(NetworkEstimator):
    """What both share: a sequence classifier of Hugging Face's transformers.

    Args:
        pretrained: a folder, or a name at the hub.
        revision: of the hub's model: a branch, a tag or a commit.
        max_length: tokens of a text, after which it is cut off.
        learning_rate: of AdamW, falling to zero.
        weight_decay: of AdamW.
        warmup_steps: in which the learning rate rises; below 1, a share of all.
        batch_size: rows a step.
        epochs: at most.
        patience: epochs without a better loss of held-out rows, after which training ends.
        device: ``auto`` is a GPU where there is one, or ``cpu``.
        n_jobs: threads; -1 all.
        random_state: of the new layer's weights, order and dropout.
    """

    problem: ClassVar[str]  # as transformers calls it

    def __init__(
        self,
        *,
        pretrained: str | None = None,
        revision: str | None = None,
        max_length: int = 128,
        learning_rate: float = 5e-5,
        weight_decay: float = 0.01,
        warmup_steps: float = 0.1,
        batch_size: int = 32,
        epochs: int = 3,
        patience: int = 1,
        device: str = "auto",
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.pretrained = pretrained
        self.revision = revision
        self.max_length = max_length
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, x: Any, y: Array, rounds: Rounds | None = None) -> Self:
        """Train on n rows.

        Args:
            x: (n, k) a polars frame with a text column.
            y: (n,) labels, or numbers.
            rounds: rows on which training stops early, checkpoint, report.

        Raises:
            ConfigError: no pretrained model is named.
            ResourceError: it is neither here nor at the hub.
        """
        rounds, y = rounds or Rounds(), np.asarray(y)
        self.learn_targets(y)
        held_out = None
        if rounds.held_out is not None:
            held_out = self._rows(rounds.held_out[0], self.targets(np.asarray(rounds.held_out[1])))
        with _threads(self.n_jobs):
            self.tokenizer_, self.model_ = self._pretrained()
            trainer.train(self, self._rows(x, self.targets(y)), held_out, rounds)
        return self

    def _pretrained(self) -> tuple[Any, Any]:
        transformers = library()
        if not self.pretrained:
            raise ConfigError(
                "model.params.pretrained is not set; expected is a folder, or a name at the hub, "
                "of a pretrained language model. Edit conf/model/transformer.yaml.",
                "config.pretrained",
            )
        transformers.set_seed(self.random_state)
        try:  # one file first: each that cannot be reached is tried for half a minute
            transformers.AutoConfig.from_pretrained(self.pretrained, revision=self.revision)
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                self.pretrained, revision=self.revision
            )
            model = transformers.AutoModelForSequenceClassification.from_pretrained(
                self.pretrained,
                revision=self.revision,
                num_labels=self.width(),
                problem_type=self.problem,
                use_safetensors=True,
            )
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ResourceError(
                f"model.params.pretrained is {self.pretrained!r}, which cannot be loaded from a "
                f"folder or from the hub: {reason} Name a folder that save_pretrained wrote, or "
                "check the name, the network, and HF_TOKEN for a private model.",
                "resource.pretrained",
            ) from error
        model.config._name_or_path = ""
        return tokenizer, model

    def _rows(self, x: Any, targets: NDArray[Any] | None = None) -> trainer.Rows:
        return trainer.Rows(texts(x), targets)

    def outputs(self, x: Any) -> Array:
        """What the model says, (n, width)."""
        check_is_fitted(self, "model_")
        with _threads(self.n_jobs):
            return trainer.outputs(self, self._rows(x))


class TransformerClassifier(Classes, Transformer):
    """Classes of a text by cross-entropy."""

    problem = "single_label_classification"


class TransformerRegressor(Quantity, Transformer):
    """A number of a text by squared error."""

    problem = "regression"


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Let torch use so many threads; -1: all."""
    import torch

    before = torch.get_num_threads()
    if number > 0:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
