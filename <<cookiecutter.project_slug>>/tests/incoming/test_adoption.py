"""What arrived and came true joins the sources, once, and nothing is lost."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.commands import adopt
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest import adoption
from <<cookiecutter.package_name>>.stages import ingest, validate

from .adopting import (
    NEW,
    PLANES,
    SOURCE,
    adopted,
    bring,
    label,
    sources,
    unlabelled,
)
from .batch import (
    CANARY,
    ROWS,
    answer,
    arrive,
    configured,
    job,
    text,
)


def valid() -> pl.DataFrame:
    """The rows that training would learn from."""
    for stage in (ingest, validate):
        job(stage, configured(sources=[SOURCE, PLANES]))
    return pl.read_parquet("data/valid.parquet")


def test_a_labelled_file_becomes_a_file_of_the_sources_and_is_learned_from() -> None:
    bring(NEW)
    (one,) = adopted()["adopted"]
    rows = valid()

    assert (one["rows"], one["known"], one["moved"]) == (200, 0, "data/adopted/new.csv")
    assert sources() == ["rows.csv", Path(one["to"]).name]
    assert Path(one["to"]).read_text() == text(NEW)  # as it came, its personal columns, too
    assert not Path("data/incoming/new.csv").exists()
    assert Path("data/adopted/new.csv").read_text() == unlabelled(NEW)
    assert rows.height == 400
    assert CANARY not in str(rows.rows())


@pytest.mark.parametrize("name", ["new.csv", "again.csv"])
def test_what_comes_again_is_no_second_copy(name: str) -> None:
    bring(NEW)
    adopted()
    before = sources()
    bring(NEW, name=name)
    (one,) = adopted()["adopted"]

    assert (one["rows"], one["known"], one["to"]) == (0, 200, None)
    assert sources() == before
    assert valid().height == 400


def test_of_a_file_that_came_in_part_before_only_the_rest_joins() -> None:
    bring(NEW[:50])
    adopted()
    bring(NEW, name="whole.csv")
    (one,) = adopted()["adopted"]

    assert (one["rows"], one["known"]) == (150, 50)
    assert valid().height == 400


@pytest.mark.parametrize("step", ["_says_the_same", "move"])
def test_killed_halfway_nothing_is_lost_and_nothing_doubled(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(NEW)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(adopt if step == "move" else adoption, step, die)
        with pytest.raises(KeyboardInterrupt):
            adopted()
    assert Path("data/incoming/new.csv").exists()
    assert len(sources()) == (2 if step == "move" else 1)
    adopted()

    assert len(sources()) == 2
    assert not Path("data/incoming/new.csv").exists()
    assert valid().height == 400


def test_what_is_not_labelled_enough_stays_and_is_said() -> None:
    bring(NEW, labelled=150)
    report = adopted()

    assert report["adopted"] == []
    (one,) = report["stay"]
    assert "150 of 200 rows have labels (75.0%); data.min_labelled asks for 90%" in one["reason"]
    assert sources() == ["rows.csv"]
    assert adopted(min_labelled=0.7)["adopted"][0]["rows"] == 150
    assert valid().height == 350


def test_rows_that_break_the_schema_do_not_join_and_stay_in_what_came() -> None:
    bring([NEW[0] | {"amount": "-5"}, NEW[1] | {"place": "east"}, *NEW[2:]])

    assert adopted()["adopted"][0]["rows"] == 198
    assert Path("data/adopted/new.csv").read_text().count("\n") == 201


def test_a_file_that_changed_since_it_was_predicted_is_refused() -> None:
    bring(NEW)
    arrive(unlabelled([NEW[0] | {"amount": "1.5"}, *NEW[1:]]))

    with pytest.raises(DataError, match=r"new\.csv has changed since it was predicted"):
        adopted()
    assert sources() == ["rows.csv"]


def test_a_file_without_a_column_that_training_requires_is_refused() -> None:
    bring([{name: row[name] for name in row if name != "mail"} for row in NEW])

    with pytest.raises(DataError, match=r"new\.csv lacks mail, which the schema requires"):
        adopted()
    assert sources() == ["rows.csv"]


def test_what_was_not_predicted_waits() -> None:
    arrive(unlabelled(NEW))
    with pytest.raises(DataError, match="was not predicted yet"):
        adopted()
    bring(NEW[:9])
    arrive(unlabelled(NEW[9:]), "later.csv")

    (one,) = adopted()["stay"]
    assert one["file"] == "data/incoming/later.csv"
    assert "it was not predicted yet. Run `make monitor`" in one["reason"]


def test_text_joins_parquet_in_the_types_of_the_source() -> None:
    source = {"kind": "parquet", "path": "data/raw/*.parquet"}
    numbers = pl.col("id", "bought").cast(pl.Int32), pl.col("amount").cast(pl.Float64)
    pl.DataFrame(ROWS).with_columns(*numbers).write_parquet("data/raw/rows.parquet")
    labels = pl.DataFrame(NEW).select("id", "bought").cast(pl.Int64)
    arrive(pl.DataFrame(NEW).drop("bought").write_ndjson(), "new.ndjson")
    answer(sources=[source, PLANES])
    Path("data/labels").mkdir()
    labels.write_ndjson("data/labels/new.ndjson")
    (one,) = adopted(source)["adopted"]
    files = [pl.read_parquet(file) for file in ("data/raw/rows.parquet", one["to"])]

    assert files[0].schema == files[1].schema
    assert files[1]["id"].to_list() == [int(row["id"]) for row in NEW]


def test_what_the_source_would_read_otherwise_is_refused() -> None:
    when = pl.col("when").str.to_datetime("%m/%d/%Y %H:%M")  # CSV would hold it as ISO 8601
    pl.DataFrame(NEW).drop("bought").with_columns(when).write_parquet("new.parquet")
    Path("new.parquet").rename("data/incoming/new.parquet")
    label(NEW)
    answer(sources=[SOURCE, PLANES])

    with pytest.raises(DataError, match="as a file that its options would read as it was written"):
        adopted()
    assert sources() == ["rows.csv"]
    assert Path("data/incoming/new.parquet").exists()


@pytest.mark.parametrize(
    "path",
    [
        *("data/raw/rows.csv", "https://example.org/rows.csv", "data/*/rows*.csv"),
        *("data/raw/*.csv.gz", "../place/../*.csv"),
    ],
)
def test_a_source_that_takes_no_file_says_who_brings_the_rows(path: str) -> None:
    arrive(unlabelled(NEW))
    report = adopted(SOURCE | {"path": path})

    assert "gets its labelled rows by a job of your own" in report["reason"]
    assert Path("data/incoming/new.csv").exists()


def test_rows_from_elsewhere_join_by_a_job_of_the_owner() -> None:
    report = adopted(incoming=[{"kind": "csv", "path": "data/raw/rows.csv"}])

    assert "join data.sources by a job of your own" in report["reason"]


def test_what_dvc_has_beside_a_file_moves_with_it() -> None:
    bring(NEW)
    Path("data/incoming/new.csv.dvc").write_text("outs: [{path: new.csv}]")
    adopted()

    moved = sorted(path.name for path in Path("data/adopted").glob("new.*"))
    assert moved == ["new.csv", "new.csv.dvc"]
    assert list(Path("data/incoming").iterdir()) == []


def test_another_file_of_the_same_name_is_not_overwritten() -> None:
    bring(NEW)
    Path("data/adopted").mkdir()
    Path("data/adopted/new.csv").write_text("another")
    (one,) = adopted()["stay"]

    assert "data/adopted/new.csv is there and is another file" in one["reason"]
    assert Path("data/adopted/new.csv").read_text() == "another"
    assert sources() == ["rows.csv"]


def test_the_command_writes_what_became_of_each_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopt, "load", lambda _: configured(sources=[SOURCE, PLANES]))
    monkeypatch.setattr(adopt, "read", lambda _: None)
    bring(NEW)
    adopt.main()

    assert json.loads(Path("reports/adopted.json").read_text())["adopted"][0]["rows"] == 200
    shutil.rmtree("data/incoming")
    Path("data/incoming").mkdir()
    adopt.main()
    assert "no file is in data/incoming" in Path("reports/adopted.json").read_text()
