"""Custom readers: a function that is no reader is refused before it is called."""

import sys
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
    PipelineError,
)

from .test_readers import ingest


def test_a_custom_reader_is_a_function_by_dotted_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own_readers.py").write_text(
        "import polars as pl\n"
        "def fixed_width(source, scratch):\n"
        "    lines = source.file.read_text().splitlines()\n"
        "    return pl.LazyFrame({'x': [line[:2] for line in lines]})\n"
    )
    Path("in.txt").write_text("12abc\n34def\n")
    monkeypatch.setattr(sys, "path", [str(Path.cwd()), *sys.path])

    assert ingest("own_readers.fixed_width", "in.txt")["x"].to_list() == ["12", "34"]
    with pytest.raises(PipelineError, match="cannot be imported"):
        ingest("own_readers.none_such", "in.txt")


@pytest.mark.parametrize(
    "kind",
    [
        "os.system",
        "os.remove",
        "shutil.rmtree",
        "shutil.copy",
        "subprocess.run",
        "builtins.eval",
        "pathlib.Path",
        "os.environ",
        "polars.read_csv",
        "own_readers.other",
        "own_readers.more",
        "own_readers.Class",
    ],
)
def test_a_function_that_is_no_reader_is_refused_before_it_is_called(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("own_readers.py").write_text(
        "def other(path, options): raise SystemExit\n"
        "def more(source, scratch, colour): raise SystemExit\n"
        "class Class:\n"
        "    def __init__(self, source, scratch): raise SystemExit\n"
    )
    Path("in.txt").write_text("touch called")
    monkeypatch.setattr(sys, "path", [str(Path.cwd()), *sys.path])
    monkeypatch.delitem(sys.modules, "own_readers", raising=False)

    with pytest.raises(ConfigError, match=r"\(source: SourceFile, scratch: Path\) -> Table"):
        ingest(kind, "in.txt")
    assert Path("in.txt").read_text() == "touch called"


@pytest.mark.parametrize(
    ("body", "error", "reason"),
    [
        ("return None", ConfigError, "returned a NoneType"),
        ("return polars.DataFrame({'x': [1]})", ConfigError, "returned a DataFrame"),
        ("yield 1", ConfigError, "returned a generator"),
        ("return source.colour", DataError, "AttributeError"),
        ("return {}['x']", DataError, "KeyError"),
        ("raise ValueError('line 3')", DataError, "ValueError: line 3"),
    ],
)
def test_a_custom_reader_that_fails_is_named(
    body: str, error: type[PipelineError], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"import polars\ndef own(source, scratch, more=1):\n    {body}\n"
    Path("own_readers.py").write_text(text)
    Path("in.txt").write_text("x")
    monkeypatch.setattr(sys, "path", [str(Path.cwd()), *sys.path])
    monkeypatch.delitem(sys.modules, "own_readers", raising=False)

    with pytest.raises(error, match=r"own_readers\.own") as raised:
        ingest("own_readers.own", "in.txt")
    assert reason in raised.value.message
