"""What a disk spoilt or lost: named, and repaired where something holds it still."""

import os
import random
import shutil
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.commands import doctor
from <<cookiecutter.package_name>>.errors import DataError

from ..conftest import run
from .conftest import project


def flip(file: Path, seed: int) -> None:
    content = bytearray(file.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1
    file.chmod(0o644)
    stat = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as a bad disk would


@pytest.mark.parametrize("where", ["objects", "outputs", "both"])
def test_a_flipped_bit_is_named_and_repaired(small: Path, where: str) -> None:
    objects = sorted(Path(".dvc/cache/files/md5").glob("??/*"))[:2] if where != "outputs" else []
    outputs = [small / "out1", small / "out3"] if where != "objects" else []
    for seed, file in enumerate((*objects, *outputs)):
        flip(file, seed)
    corrupt = doctor.verify()
    doctor.repair()

    assert corrupt.objects == objects
    assert sorted(corrupt.outputs) == sorted(outputs)
    assert not doctor.verify()
    assert (small / "out1").read_text() == "out1" * 99
    assert "up to date" in run(small, "dvc", "status")


def test_of_fifty_flipped_bits_all_are_named_and_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path / "many", stages=2)
    many = (
        "import pathlib; p = pathlib.Path('many'); p.mkdir(); "
        "[(p / str(i)).write_text(str(i) * 50) for i in range(60)]"
    )
    with (folder / "dvc.yaml").open("a") as file:
        file.write(f'\n  many:\n    cmd: python -c "{many}"\n    outs: [many]\n')
    monkeypatch.chdir(folder)
    run(folder, "dvc", "repro", "--quiet")
    chosen = random.Random(1).sample(sorted(Path(".dvc/cache/files/md5").glob("??/*")), 50)
    for seed, file in enumerate(chosen):
        flip(file, seed)
    corrupt = doctor.verify()
    doctor.repair()

    assert sorted(corrupt.objects) == sorted(chosen)
    assert not doctor.verify()


@pytest.fixture
def given(small: Path) -> Path:
    """A folder of inputs, which no stage makes."""
    folder = small / "given"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text(name * 9)
    run(small, "dvc", "add", "--quiet", "given")
    return folder


@pytest.mark.parametrize("cache_too", [False, True])
def test_an_input_that_a_person_edited_is_named_and_left_alone(
    given: Path, cache_too: bool
) -> None:
    (given / "a").chmod(0o644)
    (given / "a").write_text("new work")
    if cache_too:
        flip(min(Path(".dvc/cache/files/md5").glob("??/*")), 1)

    with pytest.raises(DataError, match="given/a"):
        doctor.repair()
    assert (given / "a").read_text() == "new work"


def test_an_input_that_a_disk_spoilt_comes_back_from_the_cache(given: Path) -> None:
    flip(given / "a", 1)
    doctor.repair()

    assert (given / "a").read_text() == "a" * 9


@pytest.mark.parametrize(
    ("old", "new"), [('"md5": "', '"md5": "0'), ('"md5"', '"md4"'), ('"a"', '"z"'), ("[", "{")]
)
def test_a_corrupt_listing_of_a_folder_spoils_no_file_of_it(
    given: Path, old: str, new: str
) -> None:
    (listing,) = Path(".dvc/cache/files/md5").glob("??/*.dir")
    text = listing.read_text()
    listing.chmod(0o644)
    listing.write_text(text.replace(old, new, 1))
    corrupt = doctor.verify()
    doctor.repair()

    assert corrupt == doctor.Corruption([listing], [])
    assert listing.read_text() == text
    assert [(given / name).read_text() for name in "abc"] == ["a" * 9, "b" * 9, "c" * 9]


def test_what_is_only_absent_is_not_made_for_it_may_have_effects(small: Path) -> None:
    with (small / "dvc.yaml").open("a") as file:
        file.write("\n  tell:\n    cmd: touch told\n    outs:\n      - told: {cache: false}\n")
    run(small, "dvc", "repro", "--quiet")
    (small / "told").unlink()
    flip(small / "out1", 1)
    doctor.repair()

    assert not (small / "told").exists()
    assert not doctor.verify()


def test_a_corrupt_input_is_named_for_it_cannot_be_made_again(small: Path) -> None:
    (small / "raw").write_text("given")
    run(small, "dvc", "add", "--quiet", "raw")
    (small / "raw").chmod(0o644)
    flip(small / "raw", 1)
    for file in Path(".dvc/cache/files/md5").glob("??/*"):
        if file.read_text() == "given":
            flip(file, 1)

    with pytest.raises(DataError, match="raw"):
        doctor.repair()


def test_a_lost_cache_is_filled_from_the_work_tree(small: Path) -> None:
    shutil.rmtree(".dvc/cache")
    doctor.repair()
    (small / "out1").unlink()
    run(small, "dvc", "checkout")

    assert (small / "out1").read_text() == "out1" * 99


def test_an_output_that_is_lost_with_the_cache_is_made_again(small: Path) -> None:
    shutil.rmtree(".dvc/cache")
    (small / "out1").unlink()
    assert "out1" in run(small, "dvc", "checkout", code=255)
    assert doctor.run(["dvc", "repro", "--quiet"]) == 0

    assert (small / "out1").read_text() == "out1" * 99


def test_an_input_that_is_lost_with_the_cache_is_named(given: Path) -> None:
    with Path("dvc.yaml").open("a") as file:
        file.write("\n  use:\n    cmd: ls given > used\n    deps: [given]\n    outs: [used]\n")
    run(Path.cwd(), "dvc", "repro", "--quiet")
    shutil.rmtree(".dvc/cache")
    shutil.rmtree(given)

    assert "given" in run(Path.cwd(), "dvc", "repro", code=255)
    assert Path("used").read_text().split() == ["a", "b", "c"]
