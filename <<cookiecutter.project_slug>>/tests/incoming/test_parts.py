"""A part of the answers for each file that arrived, taken over as long as nothing changed."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.paths import MODEL

from .batch import (
    BATCH,
    OUTPUTS,
    PLANES,
    REPORT,
    STORES,
    answer,
    answers,
    arrive,
    database,
    nothing,
    published,
    text,
)


def parts() -> dict[str, int]:
    """Each part's file and inode: the same inode is the same file, not written again."""
    files = json.loads(REPORT.read_text())["files"]
    return {f["file"]: Path("data/predictions.parquet", f["part"]).stat().st_ino for f in files}


def three_files() -> None:
    for number, name in enumerate(("b", "c", "d")):
        arrive(text(BATCH[10 * number : 10 * number + 10]), f"{name}.csv")


def test_a_part_whose_file_is_as_it_was_is_taken_over_wherever_a_new_one_comes() -> None:
    three_files()
    answer()
    before = parts()
    arrive(text(BATCH[30:]), "a.csv")
    answer()

    assert list(parts()) == [f"data/incoming/{name}.csv" for name in "abcd"]
    assert {file: inode for file, inode in parts().items() if file in before} == before
    assert_frame_equal(answers().sort("id"), pl.read_parquet("want.parquet"))


def touch() -> None:
    arrive(text([row | {"amount": "1"} for row in BATCH[10:20]]), "c.csv")


def retrain() -> None:
    contract = json.loads((MODEL / "contract.json").read_text())
    (MODEL / "contract.json").write_text(json.dumps(contract | {"threshold": 0.9}))


def other_schema() -> None:
    schema = json.loads(Path("schema.json").read_text())
    schema["properties"]["amount"]["maximum"] = 101
    Path("schema.json").write_text(json.dumps(schema))


def edited() -> None:
    (part,) = Path("data/predictions.parquet").glob("c-*")
    part.write_bytes(b"edited")


def new_column() -> None:
    arrive(text([row | {"more": "1"} for row in BATCH[10:20]]), "c.csv")
    loose = json.loads(Path("schema.json").read_text()) | {"additionalProperties": True}
    Path("schema.json").write_text(json.dumps(loose))


def other_joined() -> None:
    Path("data/raw/planes.csv").write_text(PLANES.replace("30", "31"))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (nothing, ""),
        (touch, "c"),
        (edited, "c"),
        (retrain, "bcd"),
        (other_schema, "bcd"),
        (new_column, "bcd"),
        (other_joined, "bcd"),
        (lambda: Path("requirements.lock").write_text("polars==0"), "bcd"),
    ],
    ids=["nothing", "a file", "an output", "the model", "the schema", "a column", "a join", "lock"],
)
def test_a_part_is_written_again_where_what_it_came_from_changed(
    change: Callable[[], object], again: str
) -> None:
    three_files()
    answer()
    before = parts()
    change()
    answer()

    assert "".join(Path(f).stem for f, inode in parts().items() if inode != before[f]) == again


def test_the_part_of_a_file_that_went_away_goes_away() -> None:
    three_files()
    answer()
    Path("data/incoming/c.csv").unlink()
    report = answer()

    assert [file["file"][-5:] for file in report["files"]] == ["b.csv", "d.csv"]
    assert report["rows"] == answers().height == 20
    for folder in (*(Path("data", f"{name}.parquet") for name in OUTPUTS), *STORES):
        assert sorted(path.name[0] for path in folder.iterdir()) == ["b", "d"]


def test_a_value_that_stands_in_two_files_is_a_repeat_in_the_second() -> None:
    three_files()
    answer()
    arrive(text(BATCH[:10]), "a copy.csv")
    report = answer()
    by_file = {Path(file["file"]).stem: file["valid"] for file in report["files"]}

    assert by_file == {"a copy": 10, "b": 0, "c": 10, "d": 10}
    assert report["rules"] == {"id: x-unique": 10}


@pytest.mark.parametrize(
    "names",
    [
        ["a.csv", "A.csv"],
        ["a.csv", "a.csv.gz", "a/a.csv", "a-a.csv"],
        [f"{'x' * 240}{n}.csv" for n in range(2)],
        [" .csv", "-.csv", "\u00e9.csv", "e\u0301.csv", "a\nb.csv", "\u65e5\u672c.csv"],
        ["a'b\".csv", "a[1].csv", "k=v.csv", "%2e%2e.csv", "con.csv", "CON .csv"],
    ],
)
def test_files_of_names_that_are_alike_long_or_odd_have_parts_of_their_own(
    names: list[str],
) -> None:
    for number, name in enumerate(names):
        content = text(BATCH[number : number + 1])
        arrive(gzip.compress(content.encode()) if name.endswith(".gz") else content, name)

    files = {file["part"].lower(): file["file"] for file in answer()["files"]}

    assert sorted(files.values()) == sorted(f"data/incoming/{name}" for name in names)
    assert answers()["id"].sort().to_list() == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"[a-z0-9_-]{16,80}\.parquet", part) for part in files)
    assert all(part.startswith("a-") for part, file in files.items() if file.endswith("/a.csv"))


def test_a_query_that_is_named_twice_has_two_parts_and_one_that_gives_the_same_is_kept() -> None:
    database()
    queries = [f"SELECT * FROM t WHERE rowid {half} 20 ORDER BY rowid" for half in ("<=", ">")]
    incoming = [{"kind": "sql", "path": "new.db", "query": query} for query in queries]
    answer(incoming=incoming)
    before = published()
    inodes = {file: Path(file).stat().st_ino for file in before if file.endswith(".parquet")}
    answer(incoming=incoming)

    assert published() == before
    assert {file: Path(file).stat().st_ino for file in inodes} == inodes
    assert_frame_equal(answers().sort("id"), pl.read_parquet("want.parquet"))


def test_files_that_have_their_columns_in_another_order_are_one_batch() -> None:
    arrive(text(BATCH[:20]), "a.csv")
    arrive(text([dict(reversed(row.items())) for row in BATCH[20:]]), "b.csv")
    answer()

    assert pl.read_parquet("data/incoming_valid.parquet").height == 40
    assert_frame_equal(answers(), pl.read_parquet("want.parquet"))


def test_a_column_that_only_one_file_has_is_null_in_the_others() -> None:
    arrive(text(BATCH[:20]), "a.csv")
    arrive(text([{n: v for n, v in row.items() if n != "amount"} for row in BATCH[20:]]), "b.csv")

    assert answer()["nulls"]["amount"] == (2 + 20) / 40
