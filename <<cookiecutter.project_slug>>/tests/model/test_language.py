"""Language models, on a tiny one that is made here; with the extra `transformers`."""

import json
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
    ResourceError,
)
from <<cookiecutter.package_name>>.model.language.texts import texts
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.training import (
    ModelSpec,
)
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..models import LATE, TARGETS, model_of, trained

transformers = pytest.importorskip("transformers")

WORDS = ["storm", "wind", "calm", "sun", "from", "jfk", "ewr", ":", "|", ".", *"0123456789"]
PIECES = [f"##{digit}" for digit in "0123456789"]
STEPS = [Step("text_as_is", "text"), Step("date_parts", "datetime", {"parts": ["hour"]})]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a BERT with two layers and the words of our texts."""
    folder = tmp_path_factory.mktemp("tiny")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *PIECES]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    transformers.set_seed(1)
    transformers.BertModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def with_note(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with a text that tells most of ``late``."""
    weather = pl.when(pl.col("wind") > 60).then(pl.lit("storm wind")).otherwise(pl.lit("calm sun"))
    return rows.with_columns(note=pl.concat_str(weather, pl.lit(" from "), "origin"))


def spec(tiny: str | None, **params: object) -> ModelSpec:
    known = {"epochs": 4, "learning_rate": 0.01, "batch_size": 32, "max_length": 32}
    known |= {"warmup_steps": 5, "patience": 4}
    return ModelSpec("transformer", known | {"pretrained": tiny} | params, STEPS, seed=1)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_row_is_a_text() -> None:
    frame = pl.DataFrame({"wind": [12.34567, None], "note": ["a storm", "calm"], "late": [1, 0]})

    assert texts(frame) == ["a storm | wind: 12.35 | late: 1", "calm | late: 0"]


@pytest.mark.parametrize("target", TARGETS.values(), ids=str)
def test_it_learns_is_saved_and_answers_as_before(
    with_note: pl.DataFrame, tiny: str, target: Target
) -> None:
    model = model_of(trained(with_note, spec(tiny), target), with_note, target)
    model.save(Path("model"))
    loaded = Model.load(Path("model"))
    answers = loaded.predict(with_note)

    assert model.contract.fell_back is None
    assert answers.equals(model.predict(with_note))
    assert tiny not in "".join(p.read_text() for p in Path("model").rglob("*.json"))
    if target.task is Task.BINARY:
        assert (answers["prediction"] == with_note["late"]).mean() > 0.75


def test_a_killed_training_goes_on_to_the_same_model(
    with_note: pl.DataFrame, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_of(trained(with_note, spec(tiny)), with_note).save(Path("whole"))
    with monkeypatch.context() as patch:
        patch.setattr(transformers.Trainer, "_load_best_model", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            trained(with_note, spec(tiny))
    for checkpoint in Path("checkpoint").glob("checkpoint-*"):
        state = json.loads((checkpoint / "trainer_state.json").read_text())
        if state["epoch"] == 4:  # as if it had been killed while it wrote this one
            (checkpoint / "trainer_state.json").write_text("{")

    model_of(trained(with_note, spec(tiny)), with_note).save(Path("resumed"))

    files = [Model.load(Path(name)).contract.files for name in ("whole", "resumed")]
    assert files[0] == files[1]
    assert not Path("checkpoint").exists()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("pretrained", "kind", "reason"),
    [
        (None, ConfigError, "pretrained is not set"),
        ("no/such-model", ResourceError, "no/such-model"),
    ],
)
def test_a_model_that_is_not_there_is_one_error(
    with_note: pl.DataFrame, pretrained: str | None, kind: type[Exception], reason: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(kind, match=reason):
            trained(with_note, spec(pretrained))


def test_without_a_text_it_is_refused(rows: pl.DataFrame, tiny: str) -> None:
    numbers = [Step("ordinal", "text"), *STEPS[1:]]
    with pytest.raises(ModelError, match="needs a text column"):
        trained(rows, ModelSpec("transformer", {"pretrained": tiny}, numbers, 1))


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_file_is_refused(with_note: pl.DataFrame, tiny: str, name: str) -> None:
    from <<cookiecutter.package_name>>.model.flavors import (
        transformers as flavor,
    )

    predictor = trained(with_note, spec(tiny, epochs=1)).predictor
    Path("model").mkdir()
    flavor.save(predictor.pipeline, Path("model"), [])
    Path("model/transformer", name).write_bytes(b"\xff" * 100)

    with pytest.raises(ModelError, match="no usable model"):
        flavor.load(Path("model"), LATE, [])
