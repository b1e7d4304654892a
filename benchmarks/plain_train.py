"""Each framework used directly, as one would in a notebook; for `train.py`.

`python -m benchmarks.plain_train ESTIMATOR FOLDER OUTPUT` trains on the FOLDER's split, saves the
model, and writes the ROC AUC of its test rows to OUTPUT; with `tiny` as the estimator it makes a
small BERT that knows the words of these rows. It knows nothing of the template's package.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.train import BATCH, EPOCHS, NUMBERS, TOKENS

TEXT = ["carrier", "origin", "destination"]
PARTS = ["hour", "minute", "weekday"]
Split = dict[str, pl.DataFrame]


def read(folder: Path) -> Split:
    """The three parts, with the departure's hour, minute and weekday."""
    departure = pl.col("scheduled_departure").dt
    parts = [getattr(departure, part)().cast(pl.Float32).alias(part) for part in PARTS]
    names = ("train", "validation", "test")
    return {name: pl.read_parquet(folder / f"{name}.parquet").with_columns(parts) for name in names}


def hist_gradient_boosting(split: Split, output: Path) -> Any:
    """Scikit-learn's gradient boosting, text by target encoding."""
    import skops.io
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler, TargetEncoder

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    steps = [("numbers", numbers, NUMBERS), ("text", TargetEncoder(random_state=1), TEXT)]
    model = make_pipeline(
        ColumnTransformer([*steps, ("parts", "passthrough", PARTS)]),
        HistGradientBoostingClassifier(
            learning_rate=0.1, max_iter=200, max_leaf_nodes=31, l2_regularization=1.0,
            random_state=1,
        ),
    )  # fmt: skip
    used = [*NUMBERS, *TEXT, *PARTS]
    model.fit(split["train"].select(used), split["train"]["late"].to_numpy())
    model.predict_proba(split["validation"].select(used))
    skops.io.dump(model, output.with_suffix(".skops"))
    return model.predict_proba(split["test"].select(used))[:, 1]


def _with_categories(split: Split) -> Split:
    """Numbers as the boosting above has them; text as categories of the training rows."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train = split["train"]
    known = {name: pl.Enum(train[name].drop_nulls().unique().sort()) for name in TEXT}
    coded = [pl.col(name).cast(dtype, strict=False) for name, dtype in known.items()]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    numbers.set_output(transform="polars").fit(train.select(NUMBERS))
    return {
        name: numbers.transform(rows.select(NUMBERS))
        .cast(pl.Float32)
        .hstack(rows.select(*coded, *PARTS, "late"))
        for name, rows in split.items()
    }


def xgboost(split: Split, output: Path) -> Any:
    """XGBoost on categories, with early stopping."""
    from xgboost import XGBClassifier

    x = {name: rows.drop("late").to_pandas() for name, rows in _with_categories(split).items()}
    y = {name: rows["late"].to_numpy() for name, rows in split.items()}
    model = XGBClassifier(
        n_estimators=300, learning_rate=0.1, max_depth=6, early_stopping_rounds=30,
        enable_categorical=True, random_state=1, n_jobs=1,
    )  # fmt: skip
    model.fit(x["train"], y["train"], eval_set=[(x["validation"], y["validation"])], verbose=False)
    model.predict_proba(x["validation"])
    model.save_model(output.with_suffix(".ubj"))
    return model.predict_proba(x["test"])[:, 1]


def _network(counts: list[int]) -> Any:
    """Embeddings of categories, so many codes each, beside the numbers; two layers."""
    import torch
    from torch import nn

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            widths = [min(50, (count + 1) // 2) for count in counts]
            pairs = zip(counts, widths, strict=True)
            self.embeddings = nn.ModuleList(nn.Embedding(*pair) for pair in pairs)
            first = len(NUMBERS) + len(PARTS) + sum(widths)
            self.layers = nn.Sequential(
                nn.Linear(first, 128), nn.ReLU(), nn.Dropout(0.1),
                nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 2),
            )  # fmt: skip

        def forward(self, numbers: Any, codes: Any) -> Any:
            parts = [embed(codes[:, i]) for i, embed in enumerate(self.embeddings)]
            return self.layers(torch.cat([numbers, *parts], dim=1))

    return Network()


def torch_mlp(split: Split, output: Path) -> Any:
    """A plain torch loop with AdamW."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    torch.manual_seed(1)
    numbers, codes, late = {}, {}, {}
    for name, rows in _with_categories(split).items():
        numbers[name] = torch.tensor(rows.select(*NUMBERS, *PARTS).to_numpy())
        physical = rows.select(pl.col(TEXT).to_physical().cast(pl.Int64) + 1).fill_null(0)
        codes[name] = torch.tensor(physical.to_numpy())
        late[name] = torch.tensor(rows["late"].cast(pl.Int64).to_numpy())
    network = _network([int(column.max()) + 1 for column in codes["train"].T])
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.001, weight_decay=0.01)
    for _ in range(EPOCHS["torch_mlp"]):
        network.train()
        for batch in torch.randperm(len(late["train"])).split(512):
            optimizer.zero_grad()
            answers = network(numbers["train"][batch], codes["train"][batch])
            cross_entropy(answers, late["train"][batch]).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            answers = network(numbers["validation"], codes["validation"])
            cross_entropy(answers, late["validation"]).item()
    torch.save(network.state_dict(), output.with_suffix(".pt"))
    with torch.no_grad():
        return network(numbers["test"], codes["test"]).softmax(1)[:, 1].numpy()


def _texts(rows: pl.DataFrame) -> list[str]:
    text = pl.concat_str(TEXT, separator=" | ", ignore_nulls=True)
    return list(rows.select(text).to_series())


def tiny(split: Split, output: Path) -> None:
    """A BERT of two layers, with random weights and the words of the training rows."""
    import transformers

    words = sorted({word.lower() for name in TEXT for word in split["train"][name].drop_nulls()})
    output.mkdir()
    vocabulary = output / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "|", *words]))
    transformers.BertTokenizerFast(vocab=str(vocabulary)).save_pretrained(output)
    config = transformers.BertConfig(
        vocab_size=len(words) + 6, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=TOKENS,
    )  # fmt: skip
    transformers.set_seed(1)
    transformers.BertModel(config).save_pretrained(output)


def transformer(split: Split, output: Path) -> Any:
    """Hugging Face's Trainer on the rows' text, tokens made in each batch."""
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.set_seed(1)
    pretrained = output.with_name("tiny")
    tokenizer = transformers.AutoTokenizer.from_pretrained(pretrained)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        pretrained, num_labels=2
    )
    rows = {
        name: list(zip(_texts(part), part["late"], strict=True)) for name, part in split.items()
    }

    def collate(batch: list[tuple[str, int]]) -> dict[str, Any]:
        texts, labels = zip(*batch, strict=True)
        limits = {"padding": True, "truncation": True, "max_length": TOKENS}
        encoded = tokenizer(list(texts), return_tensors="pt", **limits)
        return dict(encoded) | {"labels": torch.tensor(labels)}

    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=str(output.with_suffix(".trainer")), num_train_epochs=EPOCHS["transformer"],
            per_device_train_batch_size=BATCH, per_device_eval_batch_size=4 * BATCH,
            learning_rate=0.001, weight_decay=0.01, warmup_steps=0.1, seed=1, use_cpu=True,
            eval_strategy="epoch", save_strategy="epoch", report_to="none", disable_tqdm=True,
            remove_unused_columns=False, logging_strategy="epoch", load_best_model_at_end=True,
        ),
        train_dataset=rows["train"], eval_dataset=rows["validation"], data_collator=collate,
    )  # fmt: skip
    trainer.train()
    trainer.predict(rows["validation"])
    trainer.save_model(output.with_suffix(".model"))
    return torch.tensor(trainer.predict(rows["test"]).predictions).softmax(1)[:, 1].numpy()


def main() -> None:
    """Do what the command asks."""
    from sklearn.metrics import roc_auc_score

    name, folder, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    split = read(folder)
    if name == "tiny":
        tiny(split, output)
        return
    trains = {f.__name__: f for f in (hist_gradient_boosting, xgboost, torch_mlp, transformer)}
    scores = trains[name](split, output)
    late = split["test"]["late"].to_numpy()
    output.write_text(json.dumps(float(roc_auc_score(late, np.asarray(scores)))))


if __name__ == "__main__":
    main()
