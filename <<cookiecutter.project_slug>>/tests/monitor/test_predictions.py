"""Parts of what arrived: answered by any function, reused after a kill, published together."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.config.data import (
    Data,
    Join,
    Source,
)
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest import incoming
from <<cookiecutter.package_name>>.monitor.predictions import (
    ANSWERS,
    QUARANTINE,
    VALID,
    Part,
    describe,
    predict_batch,
    publish,
)
from <<cookiecutter.package_name>>.runtime import parquet
from <<cookiecutter.package_name>>.runtime.artifacts import (
    scratch,
    sha256_of,
)
from <<cookiecutter.package_name>>.runtime.dvc.locks import (
    remove_partial_files,
)
from <<cookiecutter.package_name>>.schema.row import read_schema

from ..conftest import ROOT, run

DOCUMENT = {"properties": {"id": {"type": "integer"}, "a": {"type": "number", "maximum": 90}}}
STORE = Path("data/.predict")
OUTPUTS = {name: Path("data/out", name) for name in (ANSWERS, VALID, QUARANTINE)}
FILES = 3
ROWS = 10  # of each file


@pytest.fixture(autouse=True)
def _arrived() -> None:
    Path("schema.json").write_text(json.dumps(DOCUMENT))
    for number in range(FILES):
        arrive(f"{number}.csv", range(number * ROWS, number * ROWS + ROWS))


def arrive(name: str, ids: range) -> None:
    file = Path("data/incoming", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"id": ids, "a": [float(i) for i in ids]}).write_csv(file)


def double(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("id", prediction=pl.col("a") * 2)


def data() -> Data:
    return Data([Source("csv", "x.csv")], schema="schema.json", target="y", key="id", retry_s=0)


def predict(
    answer: Callable[[pl.DataFrame], pl.DataFrame] = double,
    basis: str = "",
    model: str = "0" * 64,
    threads: int = 1,
) -> list[Part]:
    """Answer what arrived, and publish the parts."""
    rules = read_schema("schema.json")
    with scratch(Path("data/x")) as place:
        store = {"folder": STORE / "read", "scratch": place}
        batch = incoming.read(data(), rules, "y", ["id", "a"], **store)
        kept = STORE / "answered"
        about = {"key": "id", "basis": [basis], "model": model}
        parts = predict_batch(batch, rules, answer, **about, folder=kept, threads=threads)
        publish(parts, OUTPUTS)
    return parts


def published(name: str = ANSWERS) -> pl.DataFrame:
    return pl.read_parquet(OUTPUTS[name])


def test_each_file_has_a_part_in_each_output_and_every_row_is_in_one_of_two() -> None:
    arrive("9.csv", range(88, 95))
    parts = predict()

    names = {part.name for part in parts}
    assert all({file.name for file in to.iterdir()} == names for to in OUTPUTS.values())
    assert sorted(published()["id"]) == [*range(30), 88, 89, 90]
    assert published(QUARANTINE)["id"].to_list() == ["91", "92", "93", "94"]
    assert (
        published()
        .select("id", a=pl.col("prediction") / 2)
        .equals(published(VALID).select("id", "a"))
    )


def test_no_more_rows_than_a_batch_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    heights = []

    def answer(rows: pl.DataFrame) -> pl.DataFrame:
        heights.append(rows.height)
        return double(rows)

    predict(answer)
    assert heights == [4, 4, 2] * FILES


def test_threads_change_no_byte_of_any_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 3)

    def late_double(rows: pl.DataFrame) -> pl.DataFrame:
        time.sleep(0.01 * ((rows["id"].min() or 0) % 2))
        return double(rows)

    digests = []
    for threads in (1, 3):
        predict(late_double, basis=f"{threads}", threads=threads)
        digests.append([sha256_of(folder) for folder in OUTPUTS.values()])

    assert digests[0] == digests[1]


def die_at_the_second_file(rows: pl.DataFrame) -> pl.DataFrame:
    if rows["id"][0] == ROWS:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(rows)


def test_joined_rows_are_the_same_in_pieces_however_many_each_row_becomes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = pl.DataFrame({"id": [i % 40 for i in range(70)], "b": range(70)})
    right.write_parquet("right.parquet")
    joined = Source("parquet", "right.parquet", join=Join(["id"], "1:n"))
    sources = replace(data(), sources=[Source("csv", "x.csv"), joined])
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    with scratch(Path("data/x")) as place:
        store = {"folder": STORE / "read", "scratch": place}
        batch = incoming.read(sources, read_schema("schema.json"), "y", [], **store)
        pieces = [list(batch.batches(file)) for file in batch.files]
        whole = [batch.rows(file).collect() for file in batch.files]

    assert max(rows.height for piece in pieces for rows in piece) == 4
    assert sum(rows.height for rows in whole) == 2 * FILES * ROWS
    for piece, rows in zip(pieces, whole, strict=True):
        assert_frame_equal(pl.concat(piece), rows)


def test_a_killed_run_keeps_its_finished_parts_and_publishes_nothing() -> None:
    predict()
    before = published()
    code = f"from {__name__} import *; predict(die_at_the_second_file, 'a new model')"
    run(Path(), sys.executable, "-c", code, code=-signal.SIGKILL, PYTHONPATH=str(ROOT))
    assert published().equals(before)
    assert list(STORE.rglob(".*.partial"))
    remove_partial_files()

    assert not list(Path("data").rglob(".*.partial"))
    assert [part.reused for part in predict(basis="a new model")] == [True, False, False]


def test_a_run_that_fails_leaves_the_last_outputs_and_the_finished_parts() -> None:
    predict()
    arrive("9.csv", range(ROWS))  # keys of the first file
    with pytest.raises(DataError, match="0 rows have none, and 10 have that of a row above"):
        predict()

    assert published().height == FILES * ROWS
    arrive("9.csv", range(30, 40))
    assert [part.reused for part in predict()] == [True, True, True, False]


def test_another_basis_makes_all_parts_again() -> None:
    predict()
    assert [part.reused for part in predict()] == [True] * FILES
    assert [part.reused for part in predict(basis="new")] == [False] * FILES


def test_an_id_names_a_file_a_model_and_a_key_and_stays_the_same() -> None:
    predict()
    first = published()
    predict(basis="another")
    again = published()
    predict(model="1" * 64)
    other = published()

    assert again["prediction_id"].to_list() == first["prediction_id"].to_list()
    assert first["prediction_id"].n_unique() == FILES * ROWS
    assert first["prediction_id"].str.split("-").list.get(0).n_unique() == FILES
    assert first["prediction_id"].str.split("-").list.get(1).to_list() == [
        str(number) for number in first["id"]
    ]
    assert not set(other["prediction_id"]) & set(first["prediction_id"])
    assert first["prediction_model"].unique().to_list() == ["0" * 12]
    assert other["prediction_model"].unique().to_list() == ["1" * 12]


def test_a_part_that_is_no_answer_any_more_is_published_no_more() -> None:
    predict()
    Path("data/incoming/1.csv").unlink()
    predict()
    assert sorted(published()["id"]) == [*range(10), *range(20, 30)]


def test_where_nothing_arrived_there_is_one_part_without_rows() -> None:
    for file in Path("data/incoming").iterdir():
        file.unlink()
    (part,) = predict()

    assert part.name == "empty.parquet"
    named = {"prediction_id": pl.String, "prediction_model": pl.String}
    assert published().schema == {"id": pl.Int64, "prediction": pl.Float64} | named


def test_a_folder_takes_the_place_of_a_file() -> None:
    OUTPUTS[ANSWERS].parent.mkdir(parents=True)
    OUTPUTS[ANSWERS].write_text("of an older version")
    predict()
    assert OUTPUTS[ANSWERS].is_dir()


def described(parts: list[Part]) -> dict[str, object]:
    with scratch(Path("data/x")) as place:
        rules = read_schema("schema.json")
        store = {"folder": STORE / "read", "scratch": place}
        batch = incoming.read(data(), rules, "y", ["id"], **store)
        return describe(parts, batch, rules, "warning")


def test_the_report_says_which_part_is_of_which_file() -> None:
    parts = predict()
    files = described(parts)["files"]

    assert files[1] == {
        "file": "data/incoming/1.csv", "part": parts[1].name, "rows": ROWS, "valid": ROWS
    }  # fmt: skip


def test_a_copy_stands_where_the_file_system_has_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    predict()
    assert published().height == FILES * ROWS
