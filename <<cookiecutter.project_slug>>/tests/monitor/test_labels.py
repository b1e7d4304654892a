"""Labels of predicted rows: in any file, by key or prediction id; each is accounted for."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.data import Data, Source
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.labels import read_labels
from <<cookiecutter.package_name>>.monitor.labels import (
    ASIDE,
    FILE,
    REASONS,
    ROW,
    RULE,
    Labels,
    labelled_rows,
    match,
)
from <<cookiecutter.package_name>>.schema.row import parse_schema
from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.split.target import (
    PREDICTION_ID,
    Target,
    Task,
)

from .models import BINARY, PRICE, contract

DOCUMENT = {
    "additionalProperties": False,
    "required": ["id", "late"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "x-unique": True},
        "late": {"type": "integer", "minimum": 0},
        "price": {"type": "number", "maximum": 1000},
    },
}
IDS = list(range(1, 21))
ROWS = [{"id": number, "late": number % 2} for number in IDS]


@pytest.fixture(autouse=True)
def _folder() -> None:
    Path("data/labels").mkdir(parents=True)
    Path("schema.json").write_text(json.dumps(DOCUMENT))


def predictions() -> pl.LazyFrame:
    """Of 20 rows; the model learned from that of 20."""
    named = (pl.lit("abc-") + pl.col("id").cast(pl.String)).alias(PREDICTION_ID)
    return pl.LazyFrame({"id": IDS}).with_columns(named, prediction=pl.lit(1))


def matched(target: Target = BINARY, key: type[pl.DataType] = pl.Int64, **data: Any) -> Labels:
    of = Data([Source("csv", "x")], schema="schema.json", target=target.column, key="id", **data)
    Path("scratch").mkdir(exist_ok=True)
    files = read_labels(of, target.column, (PREDICTION_ID, "id"), Path("scratch"))
    learned, answers = digests(pl.Series([20])), predictions().cast({"id": key})
    rules = parse_schema(json.loads(Path("schema.json").read_text()))
    labels = match(files, rules, contract(target), answers, learned)
    aside = labels.set_aside
    assert aside.schema == pl.Schema(ASIDE)
    assert labels.used.height + aside.height == sum(int(file["rows"]) for file in labels.files)
    assert aside.select(FILE, ROW).is_unique().all()
    return labels


def bring(name: str, rows: list[dict[str, Any]]) -> None:
    pl.DataFrame(rows, infer_schema_length=None).write_csv(f"data/labels/{name}")


TEXT = pl.DataFrame(ROWS).write_csv()
FORMS = {
    "a.csv": lambda file: file.write_text(TEXT),
    "a.csv.gz": lambda file: file.write_bytes(gzip.compress(TEXT.encode())),
    "deep/a.json": lambda file: file.write_text(json.dumps(ROWS)),
    "a.ndjson": lambda file: pl.DataFrame(ROWS).write_ndjson(file),
    "a.parquet": lambda file: pl.DataFrame(ROWS).cast(pl.Float64).write_parquet(file),
    "with more.csv": lambda file: pl.DataFrame(ROWS).with_columns(x=pl.lit("y")).write_csv(file),
}


@pytest.mark.parametrize("name", FORMS)
def test_labels_of_any_form_meet_their_rows(name: str) -> None:
    file = Path("data/labels", name)
    file.parent.mkdir(exist_ok=True)
    FORMS[name](file)
    labels = matched()

    assert labels.used.sort("id").rows() == [(number, number % 2) for number in IDS[:-1]]
    assert labels.counts == {"learned from": 1}
    assert labels.files == [{"file": f"data/labels/{name}", "rows": 20, "used": 19}]


def test_a_prediction_id_names_a_row_as_well_as_its_key() -> None:
    bring("a.csv", [{"prediction_id": f"abc-{number}", "late": 1} for number in (1, 2)])
    bring("b.csv", [{"prediction_id": "of another model-3", "late": 1}])
    bring("c.csv", [{"id": 3, "late": 0}])
    labels = matched()

    assert labels.used.sort("id").rows() == [(1, 1), (2, 1), (3, 0)]
    assert labels.counts == {"no prediction": 1}


BAD = [
    ({"id": 1, "late": None}, "late: null"),
    ({"id": None, "late": 1}, "id: null"),
    ({"id": "x", "late": 1}, "id: type"),
    ({"id": 1, "late": "yes"}, "late: type"),
    ({"id": 1, "late": -1}, "late: minimum"),
    ({"id": 1, "late": 2}, "unknown class"),
    ({"id": 99, "late": 1}, "no prediction"),
    ({"id": 20, "late": 1}, "learned from"),
]


@pytest.mark.parametrize(("row", "rule"), BAD, ids=[rule for _, rule in BAD])
def test_a_label_that_says_nothing_is_set_aside_with_its_reason(
    row: dict[str, Any], rule: str
) -> None:
    Path("data/labels/a.json").write_text(json.dumps([ROWS[4], row, ROWS[6]]))
    labels = matched()

    assert labels.used["id"].to_list() == [5, 7]
    (aside,) = labels.set_aside.rows(named=True)
    assert (aside["file"], aside["row"], aside["rule"]) == ("data/labels/a.json", 2, rule)
    assert aside["reason"]
    assert aside["key_or_id"] == (None if row["id"] is None else str(row["id"]))


def test_a_repeated_label_counts_once_and_contradicting_ones_do_not_count() -> None:
    bring("a.csv", [{"id": 1, "late": 1}, {"id": 2, "late": 0}, {"id": 1, "late": 1}])
    bring("b.csv", [{"id": 2, "late": 1}, {"id": 3, "late": 0}])
    bring("c.csv", [{"prediction_id": "abc-3", "late": 0}])
    labels = matched()

    assert labels.used.sort("id").rows() == [(1, 1), (3, 0)]
    assert labels.counts == {"contradicting": 2, "repeated": 2}
    aside = labels.set_aside.filter(pl.col(RULE) == "repeated")
    assert aside.select(FILE, ROW).rows() == [("data/labels/a.csv", 3), ("data/labels/c.csv", 1)]
    assert set(labels.counts) <= set(REASONS)


def test_a_number_to_come_keeps_the_schema_too() -> None:
    bring("a.csv", [{"id": 1, "price": 10.5}, {"id": 2, "price": 1001}, {"id": 3, "price": "NaN"}])
    labels = matched(PRICE)

    assert labels.used.rows() == [(1, 10.5)]
    assert labels.counts == {"price: finite": 1, "price: maximum": 1}


def test_a_number_whose_square_overflows_does_not_count() -> None:
    Path("schema.json").write_text('{"properties": {"price": {"type": "number"}}}')
    bring("a.csv", [{"id": 1, "price": 10.5}, {"id": 2, "price": -1e200}])
    labels = matched(PRICE)

    assert labels.used.rows() == [(1, 10.5)]
    assert labels.counts == {"too large": 1}


@pytest.mark.parametrize("content", [None, "id,late\n"], ids=["no file", "no row"])
def test_no_labels_are_no_error(content: str | None) -> None:
    if content:
        Path("data/labels/a.csv").write_text(content)
    labels = matched()

    assert labels.used.schema == {"id": pl.Int64, "late": pl.Int64}
    assert labels.used.height == labels.set_aside.height == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "ride,late\n1,1\n", r"prediction_id or id; found: ride, late"),
        ("a.csv", "id,lat\n1,1\n", r"the column 'late'"),
        ("a.csv", "", "is empty"),
        ("a.xlsx", "PK", r"say in data\.labels how it is read"),
        ("a.parquet", "PAR1", "a.parquet"),
        ("a.csv.dvc", "outs: []", r"dvc pull"),
    ],
)
def test_a_file_that_holds_no_labels_is_named(name: str, content: str, reason: str) -> None:
    Path("data/labels", name).write_text(content)
    with pytest.raises(DataError, match=rf"data/labels/a.*{reason}|{reason}"):
        matched()


def test_data_labels_names_any_source() -> None:
    Path("elsewhere.txt").write_text("late;id\n1;3\n")
    source = Source("csv", "elsewhere.txt", options={"separator": ";"})

    assert matched(labels=[source]).used.rows() == [(3, 1)]


def test_a_personal_key_and_label_are_protected_as_those_of_the_rows(monkeypatch) -> None:
    monkeypatch.setenv("HASH_KEY", "a key of at least sixteen bytes")
    document = {"id": {"type": "string", "x-personal": "hash"}, "late": {"type": "integer"}}
    Path("schema.json").write_text(json.dumps({"properties": document}))
    bring("a.csv", [{"id": "Ada", "late": 1}, {"id": "Ada", "late": None}])
    labels = matched(key=pl.String, hash_key_env="HASH_KEY")

    assert labels.set_aside["key_or_id"].str.len_chars().to_list() == [32, 32]
    assert "Ada" not in str(labels.set_aside.rows())


def test_labelled_rows_need_the_column_of_their_unit() -> None:
    bring("a.csv", ROWS[:3])
    labels, valid = matched(), pl.LazyFrame({"id": IDS, "day": [1] * 20})
    rows = labelled_rows(labels, predictions(), valid, "id", "day")

    assert rows.columns == ["id", "prediction_id", "prediction", "day", "late"]
    assert rows["id"].to_list() == [1, 2, 3]
    with pytest.raises(DataError, match="lacks 'shop'"):
        labelled_rows(labels, predictions(), valid, "id", "shop")


def test_classes_of_texts_and_of_truth_values_are_known() -> None:
    for target, value in (
        (Target("late", Task.BINARY, ("no", "yes")), "yes"),
        (Target("late", Task.BINARY, (False, True)), "true"),
    ):
        Path("schema.json").write_text('{"properties": {"id": {"type": "integer"}}}')
        Path("data/labels/a.csv").write_text(f"id,late\n1,{value}\n2,other\n")
        labels = matched(target)
        assert labels.used["late"].to_list() == [target.classes[1]]
        assert np.isin(list(labels.counts), ["unknown class", "late: type"]).all()
