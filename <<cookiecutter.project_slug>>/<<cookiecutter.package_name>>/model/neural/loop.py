"""The training loop: shuffled mini-batches, AdamW, early stopping, a checkpoint after each epoch.

What an epoch draws (the order of rows, dropout) follows from the seed and its number alone, and the
checkpoint holds all else, so a training that was killed goes on to the same network.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...runtime.artifacts import atomic_write
from ...runtime.progress import progress
from ...split.target import Array
from .inputs import Inputs

CHUNK = 65_536  # rows that are answered at once
Loss = Callable[[Any, Any], Any]  # of outputs, (n, k), and targets, (n,): their mean
Report = Callable[[int, float], None]  # of each epoch's number and validation loss


@dataclass(frozen=True)
class Settings:
    """How a network is trained."""

    learning_rate: float
    weight_decay: float
    batch_size: int
    epochs: int  # at most
    patience: int  # epochs without a better validation loss, after which training ends
    seed: int
    device: str  # of torch
    mixed_precision: bool  # bfloat16 where the device is a GPU
    threads: int


@dataclass
class State:
    """What the next epoch needs of those before it."""

    epoch: int = 0  # that come next
    best_epoch: int = 0
    best_loss: float = inf
    best: dict[str, Any] = field(default_factory=dict)  # weights of that epoch
    losses: list[tuple[float, float]] = field(default_factory=list)  # training, validation


def train(
    network: Any,
    loss: Loss,
    rows: tuple[Inputs, Array],
    held_out: tuple[Inputs, Array] | None,
    settings: Settings,
    *,
    checkpoint: Path | None = None,
    report: Report | None = None,
) -> State:
    """Train the network, which ends with the weights of its best epoch.

    Args:
        network: of ``network.build``.
        loss: what is minimised.
        rows: inputs and targets to learn from.
        held_out: others, on which training stops early; without them all epochs run.
        settings: how.
        checkpoint: a file to go on from, if it is of the same question, and to write.
        report: called after each epoch; what it raises ends the training.

    Raises:
        ModelError: the loss is not finite; or memory does not suffice.
    """
    import torch

    with _on_device(network, settings):
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        question = _question(network, rows, held_out, settings)
        state = _resume(checkpoint, question, network, optimizer) or State()
        with progress("train", settings.epochs - state.epoch, "epochs") as step:
            while state.epoch < settings.epochs and not _is_over(state, settings):
                _run_epoch(network, optimizer, loss, rows, held_out, settings, state)
                if checkpoint is not None:
                    _save(checkpoint, question, network, optimizer, state)
                if report is not None:
                    report(state.epoch, state.losses[-1][1])
                step()
        network.load_state_dict(state.best)
    return state


def _is_over(state: State, settings: Settings) -> bool:
    return state.epoch - state.best_epoch >= settings.patience


def _run_epoch(
    network: Any,
    optimizer: Any,
    loss: Loss,
    rows: tuple[Inputs, Array],
    held_out: tuple[Inputs, Array] | None,
    settings: Settings,
    state: State,
) -> None:
    import torch

    torch.manual_seed(settings.seed + state.epoch)
    order = torch.randperm(len(rows[0]))
    network.train()
    total = 0.0
    for batch in order.split(settings.batch_size):
        optimizer.zero_grad()
        value = loss(_forward(network, rows[0], batch, settings), _targets(rows[1], batch, settings))
        value.backward()
        optimizer.step()
        total += value.item() * len(batch)
    trained = total / len(order)
    validated = _mean_loss(network, loss, held_out, settings) if held_out else trained
    state.epoch += 1
    state.losses.append((trained, validated))
    if not isfinite(trained) or not isfinite(validated):
        raise ModelError(
            f"the loss of epoch {state.epoch} is {trained:g}, of validation rows {validated:g}: "
            "training diverged. Lower model.params.learning_rate, or scale the numbers in "
            "conf/preprocess.",
            "model.diverged",
        )
    if validated < state.best_loss or held_out is None:
        state.best_loss, state.best_epoch = validated, state.epoch
        state.best = deepcopy(network.state_dict())


def _mean_loss(
    network: Any, loss: Loss, rows: tuple[Inputs, Array], settings: Settings
) -> float:
    import torch

    network.eval()
    with torch.no_grad():
        sums = [
            loss(_forward(network, rows[0], chunk, settings), _targets(rows[1], chunk, settings))
            * len(chunk)
            for chunk in torch.arange(len(rows[0])).split(CHUNK)
        ]
    return float(sum(sums)) / len(rows[0])


def outputs(network: Any, inputs: Inputs, settings: Settings) -> Array:
    """What the network answers, (n, outputs)."""
    import torch

    with _on_device(network, settings), torch.no_grad():
        network.eval()
        chunks = torch.arange(len(inputs)).split(CHUNK)
        answers = [_forward(network, inputs, chunk, settings).float().cpu() for chunk in chunks]
    return torch.cat(answers).double().numpy()


def _forward(network: Any, inputs: Inputs, rows: Any, settings: Settings) -> Any:
    import torch

    numbers, codes = (
        torch.from_numpy(part[rows.numpy()]).to(settings.device)
        for part in (inputs.numbers, inputs.codes)
    )
    half = settings.mixed_precision and settings.device.startswith("cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16, enabled=half):
        return network(numbers, codes)


def _targets(values: Array, rows: Any, settings: Settings) -> Any:
    import torch

    return torch.from_numpy(values[rows.numpy()]).to(settings.device)


@contextmanager
def _on_device(network: Any, settings: Settings) -> Iterator[None]:
    """Put the network there, and torch's global state back as it was.

    Raises:
        ModelError: memory does not suffice.
    """
    import torch

    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    if settings.threads > 0:
        torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with torch.random.fork_rng():
            network.to(settings.device)
            yield
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise ModelError(
            f"{settings.device} has not enough memory for batches of {settings.batch_size:,} rows. "
            "Lower model.params.batch_size or hidden, or set device: cpu.",
            "model.memory",
        ) from error
    finally:
        network.to("cpu")
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(exact)


def _question(
    network: Any,
    rows: tuple[Inputs, Array],
    held_out: tuple[Inputs, Array] | None,
    settings: Settings,
) -> str:
    """What a checkpoint must be of: the same network, rows and settings."""
    digest = hashlib.sha256(repr((str(network), asdict(settings))).encode())
    for inputs, targets in filter(None, (rows, held_out)):
        digest.update(inputs.digest().encode() + targets.tobytes())
    return digest.hexdigest()


def _save(file: Path, question: str, network: Any, optimizer: Any, state: State) -> None:
    import torch

    whole = {
        "question": question,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "state": asdict(state),
    }
    with atomic_write(file) as partial:
        torch.save(whole, partial)


def _resume(file: Path | None, question: str, network: Any, optimizer: Any) -> State | None:
    """The state in a checkpoint of the same question; None where there is none."""
    import torch

    if file is None or not file.is_file():
        return None
    try:
        whole = torch.load(file, weights_only=True)  # which runs no code of the file
    except Exception:  # damaged, or of another version: training starts anew
        return None
    if whole.get("question") != question:
        return None
    network.load_state_dict(whole["network"])
    optimizer.load_state_dict(whole["optimizer"])
    return State(**whole["state"])
