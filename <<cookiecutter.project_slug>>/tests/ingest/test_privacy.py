import json
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.ingest.privacy import protect
from <<cookiecutter.package_name>>.schema.row import parse_schema

from ..conftest import ROOT, by_hand, run

DOCUMENT = {
    "additionalProperties": False,
    "required": ["id", "email", "name", "late"],
    "properties": {
        "id": {"type": "integer", "minimum": 0, "x-unique": True},
        "email": {"type": "string", "x-personal": "hash", "x-unique": True},
        "name": {"type": "string", "x-personal": "drop", "maxLength": 3},
        "late": {"type": "integer", "enum": [0, 1]},
    },
}
KEY = "a key of at least sixteen bytes"
ROWS = {"id": ["1", "2", "-3"], "email": ["a@x", None, "a@x"], "name": ["Ann", "B", None]}


def hashed(monkeypatch: pytest.MonkeyPatch, key: str) -> list[str | None]:
    monkeypatch.setenv("HASH_KEY", key)
    rows = protect(pl.LazyFrame(ROWS), parse_schema(DOCUMENT), "HASH_KEY").collect(
        engine="streaming"
    )
    assert rows.columns == ["id", "email"]
    return rows["email"].to_list()


def test_the_same_value_and_key_give_the_same_hash_and_a_null_stays_null(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second, third = hashed(monkeypatch, KEY)

    assert second is None
    assert first == third
    assert len(str(first)) == 32
    assert hashed(monkeypatch, KEY)[0] == first
    assert hashed(monkeypatch, KEY + "!")[0] != first


@pytest.mark.parametrize(
    ("name", "key", "named"),
    [(None, "", "hash_key_env"), ("HASH_KEY", "", "HASH_KEY"), ("HASH_KEY", "short", "5 bytes")],
)
def test_without_a_good_key_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str | None, key: str, named: str
) -> None:
    monkeypatch.setenv("HASH_KEY", key)

    with pytest.raises(ConfigError, match=named) as raised:
        protect(pl.LazyFrame(ROWS), parse_schema(DOCUMENT), name)

    assert "short" not in raised.value.message


def test_personal_values_and_the_key_are_in_no_file_and_no_log(
    tmp_path: Path, package: str
) -> None:
    canaries = [f"canary{i}@example.org" for i in range(50)] + [
        f"Canary Name {i}" for i in range(50)
    ]
    rows = pl.DataFrame(
        {
            "id": range(-5, 45),
            "email": [*canaries[:40], *canaries[:9], None],
            "name": canaries[50:],
            "late": [i % 3 for i in range(50)],
        }
    )
    (tmp_path / "in").mkdir()
    rows.write_csv(tmp_path / "in/rows.csv")
    (tmp_path / "s.json").write_text(json.dumps(DOCUMENT))
    printed = ""
    for stage, code in (("ingest", 0), ("validate", 3)):
        printed += run(
            tmp_path,
            *by_hand(package, stage, "data=csv", "validate=thorough"),
            *("data.schema=s.json", "data.target=late", "data.key=id", "hydra.run.dir=outputs"),
            *("data.sources.0.path=in/rows.csv", "data.hash_key_env=HASH_KEY"),
            code=code,
            PYTHONPATH=str(ROOT),
            HASH_KEY="canary key of the hash",
        )
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.parent.name != "in":
            printed += file.read_bytes().decode(errors="replace")
        if file.suffix == ".parquet":
            printed += pl.read_parquet(file).write_json()  # what its pages hold, decompressed
    quarantine = pl.read_parquet(tmp_path / "data/quarantine.parquet")

    assert "canary" not in printed.lower()
    assert "email: x-unique | email=(personal)" in quarantine["reason"].to_list()
