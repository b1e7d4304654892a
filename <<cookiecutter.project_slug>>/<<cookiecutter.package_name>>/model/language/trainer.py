"""Training by Hugging Face's Trainer, and answers in batches."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...runtime.progress import Step, progress
from ...split.target import Array
from ..rounds import Rounds, diverged

STATE = "trainer_state.json"  # which Trainer writes last into a checkpoint
AT_ONCE = 4  # batches of training that are answered at once


@dataclass(frozen=True)
class Rows:
    """Rows as Trainer takes them."""

    texts: list[str]
    targets: NDArray[Any] | None = None  # (n,)

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, number: int) -> tuple[str, Any]:
        return self.texts[number], self.targets[number] if self.targets is not None else 0


def train(estimator: Any, rows: Rows, held_out: Rows | None, rounds: Rounds) -> None:
    """Train ``estimator.model_``, which ends with the weights of its best epoch.

    Raises:
        ModelError: the loss is no number.
    """
    from transformers import EarlyStoppingCallback, PrinterCallback, Trainer

    with _folder(rounds) as folder, progress("train", estimator.epochs, "epochs") as step:
        callbacks = [_each_epoch(rounds, step)]
        if held_out is not None:
            callbacks.append(EarlyStoppingCallback(estimator.patience))
        trainer = Trainer(
            model=estimator.model_,
            args=_arguments(estimator, folder, evaluates=held_out is not None),
            train_dataset=rows,
            eval_dataset=held_out,
            data_collator=lambda batch: _collate(estimator, batch),
            callbacks=callbacks,
        )
        trainer.remove_callback(PrinterCallback)
        last = _last_checkpoint(folder)
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    estimator.model_.to("cpu").eval()


@contextmanager
def _folder(rounds: Rounds) -> Iterator[Path]:
    """Where Trainer writes its checkpoints."""
    if rounds.checkpoint:
        yield rounds.checkpoint.claim()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest one that is whole."""
    whole = [path.parent for path in folder.glob(f"*/{STATE}") if _is_json(path)]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def _arguments(estimator: Any, folder: Path, *, evaluates: bool) -> Any:
    import torch
    from transformers import TrainingArguments

    on_gpu = estimator.device != "cpu" and torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=estimator.epochs,
        per_device_train_batch_size=estimator.batch_size,
        per_device_eval_batch_size=estimator.batch_size * AT_ONCE,
        learning_rate=estimator.learning_rate,
        weight_decay=estimator.weight_decay,
        warmup_steps=estimator.warmup_steps,
        seed=estimator.random_state,
        use_cpu=not on_gpu,
        bf16=on_gpu and torch.cuda.is_bf16_supported(),
        eval_strategy="epoch" if evaluates else "no",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=evaluates,
        restore_callback_states_from_checkpoint=True,
        remove_unused_columns=False,
        logging_strategy="epoch",
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
    )


def _collate(estimator: Any, batch: list[tuple[str, Any]]) -> dict[str, Any]:
    import torch

    encoded = _encode(estimator, [text for text, _ in batch])
    return encoded | {"labels": torch.tensor(np.array([target for _, target in batch]))}


def _encode(estimator: Any, texts: list[str]) -> dict[str, Any]:
    limits = {"padding": True, "truncation": True, "max_length": estimator.max_length}
    return dict(estimator.tokenizer_(texts, return_tensors="pt", **limits))


def _each_epoch(rounds: Rounds, step: Step) -> Any:
    """The callback that reports, and ends a training whose loss is no number."""
    from transformers import TrainerCallback

    class EachEpoch(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:  # noqa: ARG002
            for name in ("loss", "eval_loss"):
                if not isfinite(logs.get(name, 0)):
                    raise diverged(round(state.epoch), logs[name])
            if rounds.report and "eval_loss" in logs:
                epochs = round(args.num_train_epochs)
                rounds.report(round(state.epoch), epochs, logs["eval_loss"])

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            step()

    return EachEpoch()


def outputs(estimator: Any, rows: Rows) -> Array:
    """What ``estimator.model_`` says, (n, outputs)."""
    import torch

    on_gpu = estimator.device != "cpu" and torch.cuda.is_available()
    device = "cuda" if on_gpu else "cpu"
    model, size = estimator.model_.to(device).eval(), estimator.batch_size * AT_ONCE
    order = sorted(range(len(rows)), key=lambda number: len(rows.texts[number]))  # less padding
    answers = np.empty((len(rows), model.config.num_labels))
    with torch.no_grad():
        for start in range(0, len(rows), size):
            numbers = order[start : start + size]
            encoded = _encode(estimator, [rows.texts[number] for number in numbers])
            logits = model(**{name: part.to(device) for name, part in encoded.items()}).logits
            answers[numbers] = logits.float().cpu().numpy()
    model.to("cpu")
    return answers
