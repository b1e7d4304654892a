"""What arrives takes the road of the training rows: read, typed, judged, protected, answered."""

import gzip
import json
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.incoming import incoming_files
from <<cookiecutter.package_name>>.ingest.parts import ReadPolicy
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.paths import MODEL, PREDICT_PARTS
from <<cookiecutter.package_name>>.stages import baseline, drift, ingest, predict, split, train, tune
from <<cookiecutter.package_name>>.stages import validate as validation

from ..fixture import CONF

SCHEMA = {
    "additionalProperties": False,
    "required": ["id", "when", "place", "amount", "member", "mail", "name", "bought"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "x-unique": True},
        "when": {"type": "string", "format": "date-time", "x-format": "%m/%d/%Y %H:%M"},
        "place": {"type": "string", "enum": ["north", "south"]},
        "amount": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
        "member": {"type": "boolean"},
        "mail": {"type": "string", "x-personal": "hash"},
        "name": {"type": "string", "x-personal": "drop"},
        "seats": {"type": ["integer", "null"]},
        "bought": {"type": "integer", "enum": [0, 1]},
    },
    "x-rules": {
        "members pay": "NOT member OR amount > 0",
        "mail is written": "mail <> ''",
        "buyers pay": "bought = 0 OR amount >= 0",
    },
}
PLANES = "place;seats\nnorth;20\nsouth;30\n"
OUTPUTS = ("predictions", "incoming_valid", "incoming_quarantine")
REPORT = Path("reports/incoming.json")
STORES = (PREDICT_PARTS / "read", PREDICT_PARTS / "answered")
KEY = "a key of at least sixteen bytes"
CANARY = "-".join(("canary", "3f9a"))


def rows() -> list[dict[str, Any]]:
    """200 rows as the source writes them: all text, dates as in the US."""
    chance = random.Random(1)
    made = []
    for number in range(1, 201):
        amount, member = chance.uniform(0.5, 99), chance.random() < 0.5
        made.append(
            {
                "id": str(number),
                "when": f"{datetime(2024, 1, 1) + timedelta(hours=7 * number):%m/%d/%Y %H:%M}",
                "place": chance.choice(["north", "south"]),
                "amount": f"{amount:.3f}" if number % 9 else None,
                "member": str(member).lower(),
                "mail": f"{CANARY}{number}@example.org",
                "name": f"{CANARY} {number}",
                "bought": str(int(chance.random() < (0.8 if (amount > 50) == member else 0.2))),
            }
        )
    return made


ROWS = rows()
BATCH = [{name: row[name] for name in row if name != "bought"} for row in ROWS[:40]]


def text(rows: list[dict[str, Any]]) -> str:
    """As CSV with semicolons."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    return str(frame.write_csv(separator=";"))


def typed() -> pl.DataFrame:
    """The batch in types of its own."""
    return pl.DataFrame(BATCH).with_columns(
        pl.col("id").cast(pl.Int32),
        pl.col("amount").cast(pl.Float64),
        pl.col("when").str.to_datetime("%m/%d/%Y %H:%M").dt.replace_time_zone("UTC"),
        pl.col("member") == "true",
        pl.col("place").cast(pl.Categorical),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that was trained on CSV, and the answers to the batch's keys."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HASH_KEY", KEY)
        Path("schema.json").write_text(json.dumps(SCHEMA))
        for name in ("data/raw", "data/incoming", "reports"):
            Path(name).mkdir(parents=True)
        Path("data/raw/rows.csv").write_text(text(ROWS))
        Path("data/raw/planes.csv").write_text(PLANES)
        Path("models/tuning").mkdir(parents=True)
        Path("models/tuning/best.json").write_text("{}")
        for stage in (ingest, validation, split, tune, train, baseline):
            job(stage, configured())
        valid = pl.read_parquet("data/valid.parquet").head(40)
        assert valid.height == 40
        Model.load(MODEL).predict(valid).write_parquet("want.parquet")
    return folder


def configured(**data: Any) -> Config:
    own = ["data=csv", "data.schema=schema.json", "data.target=bought", "data.key=id"]
    own += ["data.ignore=[mail]", "data.hash_key_env=HASH_KEY", "data.retry_s=0"]
    with initialize_config_dir(str(CONF)):
        composed = compose("config", [*own, "model=logistic", "split.test=0.3"])
    options = {"separator": ";", "null_values": [""]}
    planes = {"by": ["place"], "cardinality": "n:1"}
    sources = [
        {"kind": "csv", "path": "data/raw/rows.csv", "options": options},
        {"kind": "csv", "path": "data/raw/planes.csv", "options": options, "join": planes},
    ]
    OmegaConf.update(composed, "data.sources", sources)
    for name, value in data.items():
        OmegaConf.update(composed, f"data.{name}", value)
    return load(composed)


def job(stage: Any, config: Config) -> None:
    stage.main.__wrapped__(config)


@pytest.fixture(autouse=True)
def _place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A copy of that folder, which is the current one; nothing is half-written there after it."""
    shutil.copytree(trained, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    monkeypatch.setenv("HASH_KEY", KEY)
    yield
    assert list((tmp_path / "place").rglob(".*.partial")) == []


def arrive(content: str | bytes, name: str = "new.csv") -> None:
    file = Path("data/incoming", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def answer(**data: Any) -> dict[str, Any]:
    """Run the stage; return its report."""
    job(predict, configured(**data))
    return dict(json.loads(Path("reports/incoming.json").read_text()))


def answers() -> pl.DataFrame:
    return pl.read_parquet("data/predictions.parquet")


def changed(number: int, **values: Any) -> list[dict[str, Any]]:
    """The batch with other values in one row."""
    return [*BATCH[:number], BATCH[number] | values, *BATCH[number + 1 :]]


def objects(rows: list[dict[str, Any]] = BATCH) -> list[dict[str, Any]]:
    """As JSON has them: numbers and truth values are no text."""
    return [
        row
        | {"id": int(row["id"]), "member": row["member"] == "true"}
        | {"amount": row["amount"] and float(row["amount"])}
        for row in rows
    ]


def in_two_kinds() -> None:
    arrive(text(BATCH[:20]), "a.csv")
    typed()[20:].with_columns(when=pl.Series([r["when"] for r in BATCH[20:]])).write_parquet(
        "data/incoming/b.parquet"
    )


LINES = "\n".join(map(json.dumps, objects()))
FORMS: dict[str, Callable[[], object]] = {
    "csv": lambda: arrive(text(BATCH)),
    "csv, gzip": lambda: arrive(gzip.compress(text(BATCH).encode()), "new.csv.gz"),
    "csv, zstd": lambda: arrive(zstandard.compress(text(BATCH).encode()), "new.CSV.zst"),
    "csv in folders": lambda: [
        arrive(text(BATCH[:9]), "2024/01/a.csv"),
        arrive(text(BATCH[9:]), "2024/02/b.csv"),
        arrive("not data", ".hidden.csv"),
        arrive("outs: []", "2024/01/a.csv.dvc"),
    ],
    "a name like a pattern": lambda: arrive(text(BATCH), "new[2024].csv"),
    "json": lambda: arrive(json.dumps(objects()), "new.json"),
    "ndjson": lambda: arrive(LINES, "new.ndjson"),
    "jsonl, gzip": lambda: arrive(gzip.compress(LINES.encode()), "new.jsonl.gz"),
    "parquet, types and a zone": lambda: typed().write_parquet("data/incoming/new.parquet"),
    "two kinds": in_two_kinds,
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_get_the_same_answers_in_any_form(form: str) -> None:
    FORMS[form]()

    report = answer()

    assert (report["rows"], report["valid"], report["quarantined"]) == (40, 40, 0)
    assert_frame_equal(answers(), pl.read_parquet("want.parquet"))


def test_data_incoming_names_any_source_such_as_a_database() -> None:
    with closing(sqlite3.connect("new.db")) as db, db:
        names = ", ".join(f'"{name}"' for name in BATCH[0])
        db.execute(f"CREATE TABLE t ({names})")
        db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [[*r.values()] for r in BATCH])
    source = {"kind": "sql", "path": "new.db", "query": "SELECT * FROM t ORDER BY rowid"}

    assert answer(incoming=[source])["files"][0]["file"] == "new.db, query"
    assert_frame_equal(answers(), pl.read_parquet("want.parquet"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.tab", "csv: tab"),
        ("a.csv", "csv: comma"),
        ("a.csv.gz", "csv: comma"),
        ("a.json", "json: "),
        ("a.db", "sql: "),
        ("a.xml", "own.xml: "),
    ],
)
def test_a_file_is_read_as_the_configured_source_of_its_ending_or_kind(
    name: str, told: str
) -> None:
    sources = [
        {"kind": "csv", "path": "data/raw/*.tab", "options": {"mark": "tab"}},
        {"kind": "csv", "path": "https://host/a.csv", "options": {"mark": "comma"}},
        {"kind": "sql", "path": "data/raw/rows.db", "table": "t"},
        {"kind": "own.xml", "path": "data/raw/rows.xml"},
    ]
    arrive("x", name)

    (source_file,) = incoming_files(configured(sources=sources).data, ReadPolicy(0), Path())

    assert f"{source_file.kind}: {source_file.options.get('mark', '')}" == told
    assert source_file.table == ("t" if source_file.kind == "sql" else None)


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
    fallen = pl.read_parquet("data/incoming_quarantine.parquet")
    assert fallen["broken_rules"].to_list() == [[rule]]
    assert [value for value in values.values() if value not in str(fallen.rows())] == []
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
    for stage in (ingest, validation):
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


def published() -> dict[str, bytes]:
    """All that the stage writes for others."""
    folders = [Path("data", f"{name}.parquet") for name in OUTPUTS]
    files = [*(file for folder in folders for file in folder.iterdir()), REPORT]
    return {file.as_posix(): file.read_bytes() for file in sorted(files)}


def damaged() -> bytes:
    typed().write_parquet("x.parquet")
    raw = bytearray(Path("x.parquet").read_bytes())
    raw[100:200] = bytes(100)
    return bytes(raw)


def unlike() -> bytes:
    typed().with_columns(pl.col("when").dt.replace_time_zone(None)).write_parquet(
        "data/incoming/a.parquet"
    )
    typed().write_parquet("x.parquet")
    return Path("x.parquet").read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.parquet", damaged),
        ("bad.parquet", lambda: damaged()[:-30]),
        ("bad.parquet", lambda: b"hello"),
        ("bad.parquet", unlike),
        ("bad.csv", lambda: text(BATCH).encode() + b"41;01/01/2024 07:00\n"),
        ("bad.csv", lambda: b""),
        ("bad.csv.gz", lambda: gzip.compress(text(BATCH).encode())[:-20]),
        ("bad.csv.zst", lambda: zstandard.compress(text(BATCH).encode())[:-20]),
        ("bad.json", lambda: json.dumps(objects()).encode()[:-20]),
        ("bad.ndjson", lambda: LINES.encode()[:-20]),
        ("bad.xlsx", lambda: b"PK"),
        ("bad", lambda: b"PK"),
        ("bad.csv.dvc", lambda: b"outs: []"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_file_that_cannot_be_read_is_named_and_the_last_answers_stay(
    name: str, content: Callable[[], bytes]
) -> None:
    arrive(text(BATCH))
    answer()
    before = published()
    arrive(content(), name)

    with pytest.raises(DataError, match=f"data/incoming/{name.removesuffix('.dvc')}"):
        answer()
    assert published() == before


def nothing() -> None:
    """Leave data/incoming as it is."""


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
    assert (compared["rows"], compared["drift_detected"]) == (0, False)
    assert "no rows to compare" in compared["recommendations"][-1]
    assert "no rows to compare" in Path("reports/drift.html").read_text()


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


def test_drift_finds_the_answer_of_a_row_by_its_key() -> None:
    arrive(text(BATCH))
    answer()
    job(drift, configured())
    scores = drifted()
    (part,) = Path("data/predictions.parquet").iterdir()
    whole = answers()
    write(whole.reverse(), part)
    job(drift, configured())
    assert drifted() == scores

    unknown = whole.with_columns(id=pl.when(pl.col("id") == 8).then(999).otherwise("id"))
    texts = whole.with_columns(pl.col("id").cast(pl.String))
    for wrong in (whole.head(39), pl.concat([whole, whole.head(1)]), unknown, texts):
        write(wrong, part)
        with pytest.raises(DataError, match="different batches"):
            job(drift, configured())


def drifted() -> dict[str, float]:
    report = json.loads(Path("reports/drift.json").read_text())
    return dict(report["answer_drift_scores"])


def write(rows: pl.DataFrame, part: Path) -> None:
    """Under a new inode: the file is the stage's own as well."""
    part.unlink()
    rows.write_parquet(part)


def parts() -> dict[str, int]:
    """Each part's file and inode: the same inode is the same file, not written again."""
    found = json.loads(REPORT.read_text())["files"]
    return {f["file"]: Path("data/predictions.parquet", f["part"]).stat().st_ino for f in found}


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
def test_a_part_is_made_again_where_what_it_is_made_of_changed(
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

    found = {file["part"].lower(): file["file"] for file in answer()["files"]}

    assert sorted(found.values()) == sorted(f"data/incoming/{name}" for name in names)
    assert answers()["id"].sort().to_list() == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"[a-z0-9_-]{16,80}\.parquet", part) for part in found)
    assert all(part.startswith("a-") for part, name in found.items() if name.endswith("/a.csv"))


def test_a_query_that_is_named_twice_has_two_parts_and_one_that_gives_the_same_is_kept() -> None:
    with closing(sqlite3.connect("new.db")) as db, db:
        names = ", ".join(f'"{name}"' for name in BATCH[0])
        db.execute(f"CREATE TABLE t ({names})")
        db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [[*r.values()] for r in BATCH])
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
