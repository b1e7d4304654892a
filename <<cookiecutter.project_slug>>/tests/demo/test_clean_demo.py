import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.commands.clean_demo import (
    FILES,
    MARKED,
    MINE,
    SCHEMA,
    clean_demo,
)
from <<cookiecutter.package_name>>.errors import ConfigError

from ..conftest import listed, run
from ..fixture import rides

pytestmark = pytest.mark.pipeline
LEFT = re.compile(
    r"commands\.arrive|make (demo|arrive|labels)|flights\.(json|yaml|parquet)|of the demo"
)


@pytest.fixture(autouse=True)
def _inside(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)


def filled_in() -> None:
    """Own rows with the blanks of conf/data/mine.yaml filled in."""
    rides().write_csv("data/raw/mine.csv")
    text = MINE.read_text()
    for key, value in (("kind", "csv"), ("target", "late"), ("key", "ride")):
        text = re.sub(rf"\b{key}: \?\?\?", f"{key}: {value}", text)
    MINE.write_text(text)


def test_without_the_demo_one_error_names_the_file_to_fill_in(demo: Path, package: str) -> None:
    here = f"BIN={Path(sys.executable).parent}"
    printed = run(demo, "make", "clean-demo", "--assume-old=setup", here)
    repro = ("python", "-m", f"{package}.commands.doctor", "run", "dvc", "repro")
    output = run(demo, *repro, code=255)

    assert str(MINE) in printed
    assert output.count("[error") == 1
    assert f"{MINE} leaves open data.sources.0.kind, data.target" in output
    assert "Traceback" not in output


def test_nothing_is_left_of_the_demo_and_the_rest_is_whole(demo: Path) -> None:
    clean_demo()
    left = [Path(name) for name in listed(demo) if not name.startswith("tests/")]
    texts = {path: path.read_text(errors="replace") for path in left}

    assert [name for name in FILES if Path(name).exists()] == []
    assert [str(path) for path, text in texts.items() if LEFT.search(text)] == []
    run(demo, "python", "-m", "pytest", "--collect-only", "-q", "tests")
    run(demo, "make", "--dry-run", "repro", "test")


def test_own_data_is_learned_from_once_the_blanks_are_filled_in(demo: Path, package: str) -> None:
    clean_demo()
    filled_in()
    run(demo, "python", "-m", f"{package}.commands.schema", "infer")
    run(demo, "dvc", "repro", "split")

    assert Path("reports/split.json").exists()


@pytest.mark.parametrize("name", [SCHEMA, "data/demo/more.parquet"])
def test_nothing_that_git_does_not_have_is_removed(demo: Path, name: str) -> None:
    Path(name).write_text("work of the owner's")
    with pytest.raises(ConfigError, match=name):
        clean_demo()

    assert [name for name in FILES if not Path(name).exists()] == []
    assert run(demo, "git", "diff", "--name-only").strip() in ("", name)


@pytest.mark.parametrize(("schema", "kept"), [(SCHEMA, False), ("schemas/mine.json", True)])
def test_the_runs_of_the_demo_go_with_it_and_those_of_other_data_stay(
    schema: str, kept: bool
) -> None:
    Path("params.yaml").write_text(f"data:\n  schema: {SCHEMA}\n")
    Path("models").mkdir()
    with closing(sqlite3.connect("mlflow.db")) as database, database:
        database.execute("CREATE TABLE params (key, value)")
        database.execute("INSERT INTO params VALUES ('data.schema', ?)", [schema])
    clean_demo()

    assert not Path("models").exists()
    assert Path("mlflow.db").exists() == kept


def test_a_choice_of_the_owner_stays() -> None:
    config = Path("conf/config.yaml")
    config.write_text(config.read_text().replace("- data: flights", "- data: csv"))
    output = clean_demo()

    assert "- data: csv" in config.read_text()
    assert "conf/config.yaml" in output
    assert not MINE.exists()


def test_each_part_of_the_demo_that_begins_ends() -> None:
    for name in MARKED:
        text = Path(name).read_text()
        assert text.count("begin of the demo") == text.count("end of the demo") > 0
