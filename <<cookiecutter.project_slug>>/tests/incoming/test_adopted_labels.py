"""Labels whose rows have joined the sources move along, and no other ones."""

from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.commands import adopt

from .adopting import (
    NEW,
    PLANES,
    SOURCE,
    adopted,
    bring,
    label,
    unlabelled,
)
from .batch import answer, arrive, text


def test_labels_move_along_once_all_their_rows_have() -> None:
    bad = [NEW[0] | {"amount": "-5"}]  # in quarantine
    bring([*bad, *NEW[1:100]])
    arrive(unlabelled(NEW[100:]), "later.csv")
    label(NEW[90:110], "both.csv")
    report = adopted()

    assert [one["file"] for one in report["adopted"]] == ["data/incoming/new.csv"]
    moved = {"file": "data/labels/new.csv", "moved": "data/adopted/labels/new.csv"}
    assert report["labels"] == [moved]
    assert sorted(path.name for path in Path("data/labels").iterdir()) == ["both.csv"]
    assert Path(moved["moved"]).read_text().count("\n") == 101

    answer(sources=[SOURCE, PLANES])
    label(NEW[100:], "later.csv")
    (first, second) = adopted()["labels"]  # one of rows that joined before and now
    assert (first["file"], second["file"]) == ("data/labels/both.csv", "data/labels/later.csv")
    assert list(Path("data/labels").iterdir()) == []


def test_labels_by_prediction_id_move_along_and_unknown_ones_stay() -> None:
    bring(NEW)
    Path("data/labels/new.csv").unlink()
    ids = pl.read_parquet("data/predictions.parquet").sort("id")["prediction_id"].to_list()
    by_id = [{"prediction_id": i, "bought": r["bought"]} for i, r in zip(ids, NEW, strict=True)]
    Path("data/labels/ids.csv").write_text(text(by_id))
    label([NEW[0] | {"id": "999999"}], "stranger.csv")
    label([NEW[0] | {"id": "none"}], "typo.csv")

    assert [one["file"] for one in adopted()["labels"]] == ["data/labels/ids.csv"]
    left = sorted(path.name for path in Path("data/labels").iterdir())
    assert left == ["stranger.csv", "typo.csv"]


def test_labels_of_an_earlier_run_that_was_killed_move_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bring(NEW[:100])
    with monkeypatch.context() as patch:
        patch.setattr(adopt, "_move_labels", lambda *_: [])
        adopted()
    bring(NEW[100:], name="later.csv")

    names = [one["file"] for one in adopted()["labels"]]
    assert names == ["data/labels/later.csv", "data/labels/new.csv"]


def test_labels_never_replace_another_file() -> None:
    bring(NEW)
    Path("data/adopted/labels").mkdir(parents=True)
    Path("data/adopted/labels/new.csv").write_text("another")

    assert adopted()["labels"] == []
    assert Path("data/labels/new.csv").exists()
    assert Path("data/adopted/labels/new.csv").read_text() == "another"
