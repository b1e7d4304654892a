"""What arrives is judged and protected as the training rows were; valid rows are answered."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.stages import (
    drift,
    ingest,
    split,
    validate,
)

from .batch import (
    BATCH,
    CANARY,
    answer,
    answers,
    arrive,
    changed,
    configured,
    job,
    nothing,
    text,
    typed,
)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"amount": "-5"}, "amount: minimum"),
        ({"place": "west"}, "place: enum"),
        ({"when": "2024-01-01 07:00"}, "when: type"),
        ({"amount": "many"}, "amount: type"),
        ({"id": "1"}, "id: x-unique"),
        ({"amount": "0", "member": "true"}, "row: members pay"),
    ],
)
def test_a_row_that_breaks_a_rule_is_not_answered_and_is_counted(
    values: dict[str, str], rule: str
) -> None:
    arrive(text(changed(7, **values)))

    report = answer()

    assert (report["rows"], report["valid"], report["quarantined"]) == (40, 39, 1)
    assert report["rules"] == {rule: 1}
    (file,) = report["files"]
    assert (file["file"], file["rows"], file["valid"]) == ("data/incoming/new.csv", 40, 39)
    quarantine = pl.read_parquet("data/incoming_quarantine.parquet")
    assert quarantine["broken_rules"].to_list() == [[rule]]
    assert [value for value in values.values() if value not in str(quarantine.rows())] == []
    assert_frame_equal(answers(), pl.read_parquet("want.parquet").filter(pl.col("id") != 8))


def test_a_critical_rule_is_a_signal_and_the_other_rows_are_answered() -> None:
    schema = json.loads(Path("schema.json").read_text())
    schema["properties"]["amount"]["x-level"] = "critical"
    Path("schema.json").write_text(json.dumps(schema))
    arrive(text(changed(7, amount="-5")))

    report = answer()

    assert report["critical"] == ["amount: minimum"]
    assert report["valid"] == 39


@pytest.mark.parametrize("name", ["prediction", "probability:0"])
def test_a_feature_with_the_name_of_an_answer_is_refused_before_training(name: str) -> None:
    schema = json.loads(Path("schema.json").read_text())
    schema |= {"required": [], "x-rules": {}}
    schema["properties"][name] = schema["properties"].pop("amount")
    Path("schema.json").write_text(json.dumps(schema))
    rows = Path("data/raw/rows.csv")
    rows.write_text(rows.read_text().replace("amount", name, 1))
    for stage in (ingest, validate):
        job(stage, configured())

    with pytest.raises(DataError, match=f"'{name}' has the name of an answer"):
        job(split, configured())


def test_a_target_that_comes_along_changes_nothing() -> None:
    arrive(text([row | {"bought": "nonsense"} for row in BATCH]))

    assert answer()["quarantined"] == 0
    assert "bought" not in pl.read_parquet("data/incoming_valid.parquet").columns


def test_what_the_model_does_not_need_may_be_missing() -> None:
    arrive(text([{n: v for n, v in row.items() if n not in ("mail", "name")} for row in BATCH]))

    report = answer()

    assert report["valid"] == 40
    assert report["warnings"] == ["column mail is gone"]


@pytest.mark.parametrize("name", ["id", "amount"])
def test_what_the_model_needs_is_asked_for(name: str) -> None:
    arrive(text([{n: v for n, v in row.items() if n != name} for row in BATCH]))

    with pytest.raises(DataError, match=f"lacks {name}, which the model needs"):
        answer()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (nothing, 0),
        (lambda: arrive(text(BATCH).splitlines()[0]), 0),
        (lambda: typed().clear().write_parquet("data/incoming/new.parquet"), 0),
        (lambda: arrive(text([row | {"amount": "-5"} for row in BATCH])), 40),
    ],
    ids=["no file", "a header", "no row", "all in quarantine"],
)
def test_a_batch_without_valid_rows_has_no_answers_a_report_and_no_drift(
    content: Callable[[], None], rows: int
) -> None:
    content()

    report = answer()
    job(drift, configured())

    assert (report["rows"], report["valid"], report["quarantined"]) == (rows, 0, rows)
    assert answers().schema == pl.read_parquet_schema("want.parquet")
    assert not answers().height
    compared = json.loads(Path("reports/drift.json").read_text())
    assert (compared["batch"]["rows"], compared["data"]["verdict"]) == (0, "unknown")
    assert "No valid row has arrived" in compared["recommendations"][-1]
    assert "No valid row has arrived" in Path("reports/drift.html").read_text()


def test_a_key_that_names_two_rows_is_refused_where_the_schema_lets_it_pass() -> None:
    schema = json.loads(Path("schema.json").read_text())
    del schema["properties"]["id"]["x-unique"]
    Path("schema.json").write_text(json.dumps(schema))
    arrive(text(changed(7, id="1")))

    with pytest.raises(DataError, match="0 rows have none, and 1 have that of a row above"):
        answer()


def test_a_batch_keeps_the_run_that_saw_it_first_and_another_has_its_own() -> None:
    arrive(text(BATCH))
    first = answer()
    Path("reports/incoming.json").write_text(json.dumps(first | {"run_id": "the first"}))

    assert answer()["run_id"] == "the first"
    arrive(text(changed(7, amount="99")))
    assert answer()["run_id"] == first["run_id"]


def test_personal_values_of_a_batch_are_in_no_output() -> None:
    arrive(text(changed(7, place="west")))
    answer()
    job(drift, configured())

    inputs = {Path("data/raw"), Path("data/incoming")}
    written = [file for file in Path().rglob("*") if file.is_file() and file.parent not in inputs]
    tables = [str(pl.read_parquet(f).rows()) for f in written if f.suffix == ".parquet"]
    other = [file.read_bytes().decode(errors="replace") for file in written]
    assert CANARY not in "".join(tables + other)
    kept, trained = (
        pl.read_parquet(f"data/{name}.parquet")["mail"] for name in ("incoming_valid", "valid")
    )
    assert set(kept) < set(trained)


def test_drift_refuses_answers_to_other_rows_and_equal_ones_are_the_same_report() -> None:
    arrive(text(BATCH))
    answer()
    job(drift, configured())
    report = Path("reports/drift.json").read_bytes()
    (part,) = Path("data/predictions.parquet").iterdir()
    whole = pl.read_parquet(part)
    write(whole, part)
    job(drift, configured())
    assert Path("reports/drift.json").read_bytes() == report

    unknown = whole.with_columns(id=pl.when(pl.col("id") == 8).then(999).otherwise("id"))
    texts = whole.with_columns(pl.col("id").cast(pl.String))
    for wrong in (whole.reverse(), whole.head(39), unknown, texts):
        write(wrong, part)
        with pytest.raises(DataError, match="different batches"):
            job(drift, configured())


def write(rows: pl.DataFrame, part: Path) -> None:
    """Under a new inode: the file is the stage's own as well."""
    part.unlink()
    rows.write_parquet(part)
