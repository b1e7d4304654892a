"""A model is scored beside the rows that it was trained from."""

from dataclasses import replace

import polars as pl
import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.origin import (
    FILES,
    file_hashes,
    model_of_split,
)
from <<cookiecutter.package_name>>.paths import MODEL

from ..models import model, spec


@pytest.fixture(autouse=True)
def _trained(rows: pl.DataFrame) -> None:
    for name, file in FILES.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    save(model(rows, spec("dummy")), file_hashes())


def save(one: Model, hashes: dict[str, str]) -> None:
    replace(one, contract=replace(one.contract, hashes=hashes)).save(MODEL)


@pytest.mark.parametrize("parts", [["train"], ["validation"], ["train", "validation"]])
def test_a_model_of_other_rows_is_refused_by_name(parts: list[str]) -> None:
    assert model_of_split(()).contract.hashes == file_hashes()
    for part in parts:
        FILES[part].write_text("of another split")

    named = r" and ".join(rf"data/split/{part}\.parquet" for part in parts)
    with pytest.raises(ModelError, match=f"trained on other rows than {named} hold.*make repro"):
        model_of_split(())


def test_a_model_of_another_lock_is_loaded_with_a_warning() -> None:
    with capture_logs() as lines:
        model_of_split(())
        FILES["lock"].write_text("newer")
        model_of_split(())

    assert [line["event"] for line in lines] == [
        "the model was trained with another requirements.lock"
    ]


def test_a_model_of_a_time_without_hashes_is_loaded() -> None:
    save(model_of_split(()), {})

    assert model_of_split(()).contract.hashes == {}
