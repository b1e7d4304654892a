"""Self-healing, on a small DVC project of its own."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.commands import doctor
from <<cookiecutter.package_name>>.errors import DataError

from ..conftest import ROOT, commit, run

WRITE = (
    "import pathlib,sys,time; time.sleep({wait}); pathlib.Path('{out}').write_text('{out}' * 99)"
)


def project(folder: Path, stages: int, wait: float = 0.0) -> Path:
    lines = ["stages:"]
    for i in range(stages):
        command = WRITE.format(out=f"out{i}", wait=wait)
        lines += [f"  s{i}:", f'    cmd: python -c "{command}"', f"    outs: [out{i}]"]
        lines += [f"    deps: [out{i - 1}]"] if i and wait else []
    folder.mkdir(exist_ok=True)
    commit(folder, "init", "--quiet")
    run(folder, "dvc", "init", "--quiet")
    (folder / "dvc.yaml").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four stages after `dvc repro`, for copies."""
    folder = project(tmp_path_factory.mktemp("ran") / "small", stages=4)
    run(folder, "dvc", "repro", "--quiet")
    return folder


@pytest.fixture
def small(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(ran, tmp_path / "small", symlinks=True)
    monkeypatch.chdir(folder)
    return folder


def flip(file: Path, seed: int) -> None:
    content = bytearray(file.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1
    file.chmod(0o644)
    stat = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as a bad disk would


def test_a_broken_lock_is_removed_and_work_goes_on(small: Path) -> None:
    Path(".dvc/tmp/rwlock").write_text("")
    run(small, "dvc", "repro", code=255)
    doctor.clean_up()

    assert "up to date" in run(small, "dvc", "repro")


@pytest.mark.usefixtures("small")
def test_a_lock_that_can_be_read_is_left_alone() -> None:
    Path(".dvc/tmp/rwlock").write_text("{}")
    doctor.clean_up()

    assert Path(".dvc/tmp/rwlock").read_text() == "{}"


def test_a_broken_lock_that_a_live_process_holds_is_left_alone(small: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from dvc.lock import make_lock\n"
            "with make_lock('.dvc/tmp/rwlock.lock', tmp_dir='.dvc/tmp'):\n"
            "    print('held', flush=True); time.sleep(60)",
        ],
        cwd=small,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    Path(".dvc/tmp/rwlock").write_text("")
    doctor.clean_up()
    holder.kill()
    holder.wait()

    assert Path(".dvc/tmp/rwlock").read_text() == ""


def test_half_written_files_of_the_dead_are_removed_and_only_those(small: Path) -> None:
    dead, alive = (small / "models" / f".model.{pid}.partial" for pid in (2**30, os.getpid()))
    for partial in (dead, alive):
        partial.mkdir(parents=True)
    doctor.clean_up()

    assert not dead.exists()
    assert alive.exists()


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


def test_a_failed_command_gives_its_code_and_the_outputs_return(small: Path) -> None:
    (small / "out2").unlink()

    assert doctor.run(["python", "-c", "raise SystemExit(7)"]) == 7
    assert (small / "out2").read_text() == "out2" * 99


@pytest.mark.parametrize("committed", [False, True])
def test_a_record_that_a_kill_left_empty_is_read_again_or_made_again(
    small: Path, committed: bool
) -> None:
    record = small / "dvc.lock"
    before = record.read_text()
    if committed:
        commit(small, "add", "dvc.lock")
        commit(small, "commit", "--quiet", "--message", "record")
    record.write_text("")
    run(small, "dvc", "repro", code=255)

    doctor.clean_up()
    assert record.exists() == committed
    assert doctor.run(["dvc", "repro", "--quiet"]) == 0
    assert record.read_text() == before


def test_a_pipeline_that_cannot_be_read_gives_the_code_of_dvc(small: Path) -> None:
    (small / "dvc.yaml").write_text("stages: [")

    assert doctor.run(["dvc", "repro"]) == 255


def test_after_control_c_the_outputs_return(small: Path) -> None:
    text = (small / "dvc.yaml").read_text()
    (small / "dvc.yaml").write_text(text.replace("sleep(0.0)", "sleep(30)", 1))
    name = doctor.__name__
    interrupted = subprocess.Popen(
        [sys.executable, "-m", name, "run", "dvc", "repro", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    while (small / "out0").exists():
        assert interrupted.poll() is None
        time.sleep(0.1)
    time.sleep(0.5)  # the stage is under way
    os.killpg(interrupted.pid, signal.SIGINT)

    assert interrupted.wait(timeout=30)
    assert (small / "out0").read_text() == "out0" * 99


def test_after_each_of_six_kills_the_next_run_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path / "killed", stages=3, wait=0.1)
    monkeypatch.chdir(folder)
    chance = random.Random(0)
    for _ in range(6):
        victim = subprocess.Popen(
            ["dvc", "repro", "--force", "--quiet"], cwd=folder, start_new_session=True
        )
        time.sleep(chance.uniform(0.3, 2.0))
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        assert doctor.run(["dvc", "repro", "--quiet"]) == 0

    assert [(folder / f"out{i}").read_text() for i in range(3)] == [
        f"out{i}" * 99 for i in range(3)
    ]
