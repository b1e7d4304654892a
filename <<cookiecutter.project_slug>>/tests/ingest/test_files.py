"""Which files a path names: each once, under its own name, and none outside of the repository."""

import os
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.config.data import Limits, Source
from <<cookiecutter.package_name>>.errors import (
    DataError,
    PipelineError,
)
from <<cookiecutter.package_name>>.ingest.sources import (
    open_table,
    source_files,
)

LONG = "n" * 240


def write(name: str, key: str = "1") -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(f"k\n{key}\n")


def keys(path: str, limits: Limits | None = None) -> list[str]:
    """The keys in the files of a source, in the order in which they are read."""
    files: list[str] = []
    for number, source_file in enumerate(
        source_files(Source(kind="csv", path=path), Path("s"), limits)
    ):
        place = Path(f"scratch{number}")
        place.mkdir(exist_ok=True)
        files += open_table(source_file, place).rows.collect()["k"].to_list()
    return files


def refused(path: str, **source: str) -> PipelineError:
    with pytest.raises(PipelineError) as raised:
        source_files(
            Source(kind="csv", path=path, **source) if path else Source(**source), Path("s")
        )
    return raised.value


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2012/data.csv", "2013/data.csv"),
        ("a/Data.csv", "b/data.csv"),
        (f"{LONG}/{LONG}.csv", f"{LONG}2/{LONG}.csv"),
        ("a b/ä#?%20.csv", "a\nb/ä#?%20.csv"),
        ("a b/*.csv", "c/[x].csv"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "file://{}/", "FILE://{}/", "local://{}/"])
def test_files_of_one_name_are_all_read_once_and_told_apart(
    prefix: str, first: str, second: str
) -> None:
    write(f"g/{first}", "1")
    write(f"g/{second}", "2")
    path = prefix.format(Path.cwd()) + "g/*/*.csv"

    assert sorted(keys(path)) == ["1", "2"]
    assert (
        len(
            {
                source_file.label
                for source_file in source_files(Source(kind="csv", path=path), Path("s"))
            }
        )
        == 2
    )


def test_a_variable_tells_its_files_apart_and_not_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("secret/2012/data.csv")
    write("secret/2013/data.csv")
    monkeypatch.setenv("ADDRESS", f"file://{Path.cwd()}/secret/*/data.csv")

    files = source_files(Source(kind="csv", uri_env="ADDRESS"), Path("s"))

    names = [source_file.label for source_file in files]
    assert names == ["$ADDRESS (2012/data.csv)", "$ADDRESS (2013/data.csv)"]


@pytest.mark.parametrize("name", ["mine[2013].csv", "*.csv", "a?.csv", "**", "[", "x[1]/y*z/a.csv"])
def test_a_file_that_exists_is_no_pattern(name: str) -> None:
    write(f"raw/{name}", "1")
    write("raw/mine2.csv", "2")

    assert keys(f"raw/{name}") == ["1"]


@pytest.mark.parametrize("path", ["raw[1]", "raw[1]/*.csv", "raw[1]/**", "raw[1]/**/*.csv"])
def test_a_folder_that_exists_is_no_pattern(path: str) -> None:
    write("raw[1]/a.csv", "1")
    write("raw[1]/b/c.csv", "2")
    write("raw1/a.csv", "3")

    assert keys(path) == (["1"] if path == "raw[1]/*.csv" else ["1", "2"])


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
def test_every_kind_reads_a_name_with_brackets(kind: str) -> None:
    text = {"csv": "k\n1\n", "ndjson": '{"k": 1}\n', "json": '[{"k": 1}]'}[kind]
    Path("in[1]").write_text(text)
    Path("s").mkdir()
    (source_file,) = source_files(Source(kind=kind, path="in[1]"), Path("s"))

    assert open_table(source_file, Path("s")).rows.collect()["k"].to_list() == ["1"]


@pytest.mark.parametrize("path", ["raw", "raw/**/*.csv", "raw/**"])
def test_a_folder_that_links_lead_to_in_circles_is_read_once(path: str) -> None:
    write("raw/a.csv", "1")
    write("more/b.csv", "2")
    Path("raw/again").symlink_to(".")
    Path("raw/and again").symlink_to("../raw")
    Path("raw/more").symlink_to("../more")

    assert keys(path) == ["1", "2"]


def test_two_links_to_one_file_are_two_files() -> None:
    write("cache/f3", "1")  # DVC keeps equal files once
    Path("raw").mkdir()
    for name in ("a", "b"):
        Path(f"raw/{name}.csv").symlink_to("../cache/f3")

    assert keys("raw/*.csv") == ["1", "1"]


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, beside the repository; what leads there from the repository."""
    write("outside/a.csv", "out")
    repository = tmp_path / "repository"
    (repository / "raw").mkdir(parents=True)
    monkeypatch.chdir(repository)
    Path("raw/link.csv").symlink_to(tmp_path / "outside/a.csv")
    Path("folder").symlink_to(tmp_path / "outside")
    Path("below/raw").mkdir(parents=True)
    Path("below/raw/folder").symlink_to("../../../outside")
    return tmp_path / "outside"


LEADS = [
    "raw/link.csv",
    "raw/*.csv",
    "raw",
    "folder",
    "folder/a.csv",
    "folder/*.csv",
    "*/a.csv",
    "below",
    "below/**/*.csv",
    "../outside/a.csv",
    "../outside",
    "../*/a.csv",
    "raw/../../outside/a.csv",
    "{}/a.csv",
    "file://{}/a.csv",
    "File://{}/*.csv",
    "/proc/self/cwd/../outside/a.csv",
    "/proc/self/environ",
    "/etc/passwd",
]


@pytest.mark.parametrize("path", LEADS)
def test_what_leads_out_of_the_repository_is_refused(outside: Path, path: str) -> None:
    error = refused(path.format(outside))

    assert error.code == "data.outside"
    assert "data.limits.folders" in error.message


@pytest.mark.parametrize("path", LEADS[:-2])
def test_a_folder_that_the_configuration_allows_is_read(outside: Path, path: str) -> None:
    for folder in (str(outside), "../outside"):
        assert keys(path.format(outside), Limits(folders=[folder])) == ["out"]


def test_an_experiment_in_a_copy_reads_links_into_the_repository(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(outside))

    assert keys("raw/link.csv") == ["out"]


def test_a_name_that_only_begins_like_the_repository_is_outside(outside: Path) -> None:
    twin = outside.parent / "repository2"
    twin.mkdir()
    (twin / "a.csv").write_text("k\n1\n")

    assert refused("../repository2/a.csv").code == "data.outside"


def test_a_variable_that_leads_outside_does_not_tell_where(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDRESS", f"{outside}/a.csv")
    with pytest.raises(DataError, match=r"\$ADDRESS is outside") as raised:
        source_files(Source(kind="csv", uri_env="ADDRESS"), Path("s"))

    assert str(outside) not in raised.value.message


def test_a_database_outside_is_refused(outside: Path) -> None:
    for path in ("folder/a.db", "../outside/a.db", f"{outside}/a.db"):
        (outside / "a.db").touch()
        source = Source(kind="sql", path=path, table="t")
        with pytest.raises(DataError, match="outside"):
            source_files(source, Path("s"))
        assert source_files(source, Path("s"), Limits(folders=[str(outside)]))


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/stdin", "pipe"])
def test_what_is_no_file_is_refused_by_way_of_a_link_too(name: str) -> None:
    os.mkfifo("pipe")
    Path("link.csv").symlink_to(name)

    assert refused("link.csv").code == "data.irregular_file"


@pytest.mark.parametrize("path", ["n" * 5000, "a/" * 3000, "a\0b", "[", "**", "***", "[]]", "~/x"])
def test_a_path_that_no_file_can_have_is_not_there(path: str) -> None:
    assert refused(path).code == "data.missing_file"


def test_a_name_that_is_no_text_is_refused() -> None:
    Path("raw").mkdir()
    Path(os.fsdecode(b"raw/\xff.csv")).write_text("k\n1\n")

    assert refused("raw/*.csv").code == "data.file_name"


@pytest.mark.parametrize(
    "path",
    [
        "simplecache::file:///etc/passwd",
        "zip://a.csv::file:///etc/x.zip",
        "dir:///etc/::file://",
        "https://host/a.csv::file:///etc/passwd",
        "reference://x",
        "git://x:y",
        "memory://a.csv",
    ],
)
def test_an_address_is_of_a_place_far_away(path: str) -> None:
    assert refused(path).code == "config.address"


def test_a_missing_file_that_git_does_not_know_is_explained_in_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("repository/data/raw/mine.csv")
    Path("copy").mkdir()
    monkeypatch.chdir("copy")
    assert "git add" not in refused("data/raw/mine.csv").message
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "repository"))

    for path in ("data/raw/mine.csv", "data/raw/*.csv", "data/raw", "data/**/*.csv"):
        assert f"`git add {path}`" in refused(path).message
    assert "git add" not in refused("data/raw/none.csv").message
