import os
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.runtime.artifacts import (
    append_line,
    atomic_write,
    sha256_of,
    write_json,
)


def test_a_file_appears_whole() -> None:
    with atomic_write(Path("new/a.txt")) as partial:
        partial.write_text("half")
        assert not Path("new/a.txt").exists()
        partial.write_text("whole")

    assert Path("new/a.txt").read_text() == "whole"
    assert [p.name for p in Path("new").iterdir()] == ["a.txt"]


def test_what_stood_there_stays_when_writing_fails() -> None:
    Path("a.txt").write_text("old")
    with pytest.raises(TypeError), atomic_write(Path("a.txt")) as partial:
        partial.write_text(None)  # type: ignore[arg-type]

    assert [(p.name, p.read_text()) for p in Path().iterdir()] == [("a.txt", "old")]


def test_a_folder_is_replaced_as_a_whole() -> None:
    for name in ("old", "new"):
        with atomic_write(Path("model")) as partial:
            partial.mkdir()
            (partial / name).touch()

    assert [p.name for p in Path("model").iterdir()] == ["new"]


def test_a_writer_that_wrote_nothing_takes_nothing_away() -> None:
    Path("model").mkdir()
    with pytest.raises(FileNotFoundError), atomic_write(Path("model")):
        pass

    assert [p.name for p in Path().iterdir()] == ["model"]


def test_two_writers_never_publish_each_others_half() -> None:
    with atomic_write(Path("a.txt")) as partial:
        partial.write_text("whole")
        other = os.fork()
        if not other:  # killed while it writes
            atomic_write(Path("a.txt")).__enter__().write_text("ha")
            os._exit(0)
        os.waitpid(other, 0)

    assert Path("a.txt").read_text() == "whole"


def test_what_a_killed_writer_left_is_in_nobodys_way() -> None:
    Path(f".a.txt.{os.getpid()}.partial").mkdir()
    with atomic_write(Path("a.txt")) as partial:
        partial.write_text("whole")

    assert Path("a.txt").read_text() == "whole"


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(Path("a.json"), {"x": float("nan")})

    assert not Path("a.json").exists()


def test_a_digest_tells_names_and_contents_apart() -> None:
    digests = set()
    for name, content in (("a", "1"), ("b", "1"), ("a", "2")):
        folder = Path(f"folder-{name}{content}")
        folder.mkdir()
        (folder / name).write_text(content)
        digests.add(sha256_of(folder))

    merged = Path("merged")
    merged.mkdir()
    (merged / "a").write_bytes(b"1b\x001")  # as a and b, one after the other
    both = Path("both")
    both.mkdir()
    (both / "a").write_text("1")
    (both / "b").write_text("1")

    assert len(digests) == 3
    assert sha256_of(merged) != sha256_of(both)


def test_a_line_is_appended_after_those_that_are_there() -> None:
    for text in ("one", "two"):
        append_line(Path("new/lines"), text)

    assert Path("new/lines").read_text() == "one\ntwo\n"


def test_a_line_that_could_not_be_written_leaves_no_half(monkeypatch: pytest.MonkeyPatch) -> None:
    append_line(Path("lines"), "one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        append_line(Path("lines"), "two")
    assert Path("lines").read_text() == "one\n"
