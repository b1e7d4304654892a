"""Self-healing, on a small DVC project of its own."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.commands import doctor

from ..conftest import ROOT, commit, run
from .conftest import project


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
