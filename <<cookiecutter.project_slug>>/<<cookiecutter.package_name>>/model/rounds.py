"""What an estimator that learns in rounds may use: rows to stop on, a checkpoint, a report."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..errors import ModelError
from ..runtime.artifacts import atomic_write, remove
from ..split.target import Array

QUESTION = "question.json"
# of a round's number, how many there may be, and its loss on the held-out rows: less is better
Report = Callable[[int, int, float], None]


class Checkpoint:
    """A folder from which a killed training of the same question goes on.

    A question is all that the result follows from: rows, estimator, versions of libraries.
    """

    every_s: ClassVar[float] = 10.0  # at most so often is one written

    def __init__(self, folder: Path, question: str) -> None:
        self.folder, self.question = folder, question
        self.written = time.monotonic()

    def read(self) -> Path | None:
        """The folder, if it holds what an earlier training of this question has written."""
        try:
            asked = json.loads((self.folder / QUESTION).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return self.folder if asked == self.question else None

    def claim(self) -> Path:
        """The folder, for a framework that writes checkpoints itself; empty for a new question."""
        if self.read() is None:
            remove(self.folder)
            self.folder.mkdir(parents=True)
            (self.folder / QUESTION).write_text(json.dumps(self.question), encoding="utf-8")
        return self.folder

    def write(self, save: Callable[[Path], None]) -> None:
        """Let ``save`` write files to a folder that replaces the last one, if it is time."""
        if time.monotonic() - self.written < self.every_s:
            return
        with atomic_write(self.folder) as partial:
            partial.mkdir()
            save(partial)
            (partial / QUESTION).write_text(json.dumps(self.question), encoding="utf-8")
        self.written = time.monotonic()

    def remove(self) -> None:
        """Take it away, once the training has ended."""
        remove(self.folder)


@dataclass(frozen=True)
class OnDisk:
    """More rows to learn from than memory holds."""

    batches: Callable[[], Iterator[tuple[Any, Array]]]  # prepared rows, and labels
    count: int  # of the rows
    scratch: Path  # a file beside which there is room for what is made of them


@dataclass(frozen=True)
class Rounds:
    """What an estimator that learns in rounds may use."""

    held_out: tuple[Any, Array] | None = None  # (m, k) prepared rows and (m,) labels or numbers
    checkpoint: Checkpoint | None = None
    report: Report | None = None  # what it raises ends the training
    on_disk: OnDisk | None = None  # rows to learn from beside those in memory

    def rows(self, in_memory: int) -> int:
        """How many rows there are to learn from."""
        return in_memory + (self.on_disk.count if self.on_disk else 0)

    def end(self) -> None:
        """Take the checkpoint away."""
        if self.checkpoint:
            self.checkpoint.remove()


def diverged(round_: int, loss: float) -> ModelError:
    """The error of a training whose loss is no number any more."""
    return ModelError(
        f"training diverged: the loss of round {round_} is {loss}. Lower "
        "model.params.learning_rate, or scale the numbers in conf/preprocess.",
        "model.diverged",
    )
