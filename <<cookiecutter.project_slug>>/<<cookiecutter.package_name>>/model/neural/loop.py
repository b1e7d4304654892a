"""The training loop: shuffled mini-batches, AdamW, early stopping, checkpoints.

What an epoch draws (the order of rows, dropout) follows from the seed and its number alone, and a
checkpoint holds all else, so a training that was killed goes on to the same network.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ...errors import ConfigError, ModelError
from ...runtime.progress import progress
from ...split.target import Array
from ..rounds import Checkpoint, Rounds, diverged
from .inputs import Inputs

CHUNK = 65_536  # rows that are answered at once
STATE = "state.pt"  # of a checkpoint
Loss = Callable[[Any, Any], Any]  # of outputs, (n, k), and targets, (n,): their mean


@dataclass(frozen=True)
class Settings:
    """How a network is trained."""

    learning_rate: float
    weight_decay: float
    batch_size: int
    epochs: int  # at most
    patience: int  # epochs without a better loss of held-out rows, after which training ends
    seed: int
    device: str  # of torch
    mixed_precision: bool  # bfloat16 where the device is a GPU
    threads: int


@dataclass(frozen=True)
class Rows:
    """Rows on a device, as tensors."""

    numbers: Any  # (n, numbers)
    codes: Any  # (n, categories)
    targets: Any  # (n,)

    @classmethod
    def of(cls, inputs: Inputs, targets: NDArray[Any], device: str) -> "Rows":
        """The rows of a table with what came true."""
        import torch

        parts = (inputs.numbers, inputs.codes, targets)
        return cls(*(torch.tensor(part, device=device) for part in parts))

    def __len__(self) -> int:
        return len(self.targets)


@dataclass
class State:
    """What the next epoch needs of those before it."""

    epoch: int = 0  # that comes next
    best_epoch: int = 0
    best_loss: float = inf
    best: dict[str, Any] = field(default_factory=dict)  # weights of that epoch


@dataclass(frozen=True)
class Training:
    """A network in training."""

    network: Any  # of `network.build`
    optimizer: Any
    loss: Loss
    settings: Settings
    state: State

    def run_epoch(self, rows: Rows, held_out: Rows | None) -> float:
        """Learn from each row once; returns the loss of the held-out rows, or of these.

        Raises:
            ModelError: the loss is no number.
        """
        import torch

        state, size = self.state, self.settings.batch_size
        torch.manual_seed(self.settings.seed + state.epoch)
        order = torch.randperm(len(rows)).to(rows.targets.device)
        self.network.train()
        losses = [self._step(rows, batch) * len(batch) for batch in order.split(size)]
        trained = float(torch.stack(losses).sum()) / len(rows)
        loss = trained if held_out is None else self._mean_loss(held_out)
        state.epoch += 1
        if not isfinite(trained) or not isfinite(loss):
            raise diverged(state.epoch, loss)
        if held_out is None or loss < state.best_loss:
            state.best_loss, state.best_epoch = loss, state.epoch
            state.best = deepcopy(self.network.state_dict())
        return loss

    @property
    def is_over(self) -> bool:
        """Whether further epochs would not help."""
        state, settings = self.state, self.settings
        waited = state.epoch - state.best_epoch
        return state.epoch >= settings.epochs or waited >= settings.patience

    def save(self, folder: Path) -> None:
        """Write all that the next epoch needs."""
        import torch

        parts = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(parts | {"state": asdict(self.state)}, folder / STATE)

    def resume(self, checkpoint: Checkpoint | None) -> None:
        """Go on where a checkpoint is, if there is one."""
        import torch

        folder = checkpoint.read() if checkpoint else None
        if folder is None:
            return
        parts = torch.load(folder / STATE, weights_only=True)  # which runs no code of the file
        self.network.load_state_dict(parts["network"])
        self.optimizer.load_state_dict(parts["optimizer"])
        vars(self.state).update(parts["state"])

    def _step(self, rows: Rows, batch: Any) -> Any:
        self.optimizer.zero_grad()
        loss = self._loss_of(rows, batch)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _loss_of(self, rows: Rows, batch: Any) -> Any:
        outputs = forward(self.network, rows.numbers[batch], rows.codes[batch], self.settings)
        return self.loss(outputs, rows.targets[batch])

    def _mean_loss(self, rows: Rows) -> float:
        import torch

        self.network.eval()
        with torch.no_grad():
            chunks = torch.arange(len(rows), device=rows.targets.device).split(CHUNK)
            losses = [self._loss_of(rows, chunk) * len(chunk) for chunk in chunks]
        return float(torch.stack(losses).sum()) / len(rows)


def train(
    network: Any,
    loss: Loss,
    rows: tuple[Inputs, Array],
    held_out: tuple[Inputs, Array] | None,
    *,
    settings: Settings,
    rounds: Rounds,
) -> None:
    """Train the network, which ends with the weights of its best epoch.

    Args:
        network: of ``network.build``.
        rows: inputs and (n,) targets to learn from.
        held_out: others, on which training stops early; without them all epochs run.
        rounds: what is reported and kept of each epoch.

    Raises:
        ModelError: the loss is no number, or memory does not suffice.
    """
    import torch

    with on_device(network, settings):
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        training = Training(network, optimizer, loss, settings, State())
        training.resume(rounds.checkpoint)
        learned = Rows.of(*rows, settings.device)
        checked = Rows.of(*held_out, settings.device) if held_out else None
        with progress("train", settings.epochs, "epochs") as step:
            step(training.state.epoch)
            while not training.is_over:
                value = training.run_epoch(learned, checked)
                if rounds.checkpoint:
                    rounds.checkpoint.write(training.save)
                if rounds.report:
                    rounds.report(training.state.epoch, settings.epochs, value)
                step()
        network.load_state_dict(training.state.best)


def outputs(network: Any, inputs: Inputs, settings: Settings) -> Array:
    """What the network answers, (n, outputs)."""
    import torch

    with on_device(network, settings), torch.no_grad():
        network.eval()
        rows = Rows.of(inputs, inputs.numbers[:, :0], settings.device)
        pairs = zip(rows.numbers.split(CHUNK), rows.codes.split(CHUNK), strict=True)
        answers = [forward(network, *pair, settings).float().cpu() for pair in pairs]
    result: Array = torch.cat(answers).double().numpy()
    return result


def forward(network: Any, numbers: Any, codes: Any, settings: Settings) -> Any:
    """The network's outputs, (n, outputs), of n rows on its device."""
    import torch

    half = settings.mixed_precision and settings.device.startswith("cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16, enabled=half):
        return network(numbers, codes)


@contextmanager
def on_device(network: Any, settings: Settings) -> Iterator[None]:
    """Put the network on its device, and torch's global state back as it was.

    Raises:
        ConfigError: there is no such device.
        ModelError: memory does not suffice.
    """
    import torch

    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    if settings.threads > 0:
        torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    try:
        with torch.random.fork_rng():
            _move(network, settings.device)
            yield
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f"{settings.device} has not enough memory for batches of {settings.batch_size:,} rows. "
            "Lower model.params.batch_size or hidden, or set device: cpu.",
            "model.memory",
        ) from error
    finally:
        network.to("cpu")
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode=exact)


def _move(network: Any, device: str) -> None:
    import torch

    try:
        network.to(device)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"model.params.device is {device!r}, which is not to be had here: {error}. Choose "
            "auto, cpu or cuda.",
            "config.device",
        ) from error
