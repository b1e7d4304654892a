"""Searches in several processes, and processes that are killed in the midst of one."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import polars as pl
import psutil
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.config.tune import (
    Dimension,
    Named,
)
from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.model.metric import metric
from <<cookiecutter.package_name>>.tune.search import search
from <<cookiecutter.package_name>>.tune.study import (
    FILES,
    Place,
    ask,
    opened,
)

from ..conftest import ROOT
from .problems import FOLDER, RANDOM, C, problem, searched, tune

SMALL = 1e-4
ENDLESS = """
import sys, time, polars as pl
from tests.tune.problems import *
from PACKAGE.model.metric import metric
@metric(needs="probabilities", tasks=["binary"], greater_is_better=True)
def slow(*given):
    time.sleep(0.15)
    return float(given[-1].outputs[:, 1].mean())
if __name__ == "__main__":
    asked = problem(pl.read_parquet("rows.parquet"), slow)
    settings = tune(C, 10_000, workers=int(sys.argv[1]), storage=sys.argv[2], sampler=RANDOM)
    search(asked, settings, FOLDER)
""".replace("PACKAGE", search.__module__.split(".")[0])


def test_two_workers_run_exactly_as_many_trials_as_one(rows: pl.DataFrame) -> None:
    result = searched(rows, trials=7, workers=2, sampler=RANDOM)
    tried = {trial.params["C"] for trial in result.trials}

    assert [trial.number for trial in result.trials] == list(range(7))
    assert len(tried) == 7
    assert searched(rows, trials=7, workers=2) == result


@metric(needs="probabilities", tasks=["binary"], greater_is_better=True)
def deadly(*given: Any) -> float:
    if given[-1].outputs[:, 1].std() < 0.01:  # where C is SMALL
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0


def test_parameters_that_kill_their_worker_fail_and_the_search_goes_on(
    rows: pl.DataFrame,
) -> None:
    space = {"C": Dimension(choices=[1.0, SMALL, 2.0, 3.0])}
    settings = tune(space, 4, workers=2, sampler=Named("grid"))
    with capture_logs() as logged:
        result = search(problem(rows, deadly), settings, FOLDER)

    assert {trial.params["C"]: trial.reason for trial in result.trials} == {
        **dict.fromkeys([1.0, 2.0, 3.0]),
        SMALL: "2 workers died of it",
    }
    assert [line["exit_code"] for line in logged if "exit_code" in line] == [-9, -9]


def test_a_trial_in_line_is_given_to_one_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, "sqlite", "line", ("minimize",))
    with opened(place) as study:
        for number in range(40):
            study.enqueue_trial({"C": number})

    def asked(_: int) -> list[int]:
        with opened(place) as study:
            return [ask(study, place.file).number for _ in range(20)]

    with ThreadPoolExecutor(2) as pool:
        numbers = [number for one in pool.map(asked, range(2)) for number in one]
    assert sorted(numbers) == list(range(40))


@metric(needs="probabilities", tasks=["binary"], greater_is_better=True)
def wrong(*given: Any) -> float:
    raise KeyError(len(given))


def test_what_a_worker_raises_ends_the_search_with_its_message(rows: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="the metric wrong failed with KeyError"):
        search(problem(rows, wrong), tune(C, 5, workers=2), FOLDER)


def finished(storage: str) -> dict[int, float]:
    """The value of each complete trial, by number."""
    file = FOLDER / FILES[storage]
    if storage == "sqlite":  # opened by Optuna, it would be made here as well
        query = "SELECT number, value FROM trials JOIN trial_values USING (trial_id)"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return dict(db.execute(query))
    place = JournalStorage(JournalFileBackend(str(file)))
    (name,) = optuna.get_all_study_names(place)
    trials = optuna.load_study(study_name=name, storage=place).trials
    return {trial.number: trial.value for trial in trials if trial.value is not None}


@pytest.fixture
def endless(rows: pl.DataFrame) -> Iterator[Any]:
    """Starts a search that goes on until it is killed; its processes are gone at the end."""
    rows.write_parquet("rows.parquet")
    Path("endless.py").write_text(ENDLESS)
    started = []

    def start(workers: int, storage: str = "sqlite") -> subprocess.Popen[bytes]:
        command = [sys.executable, "endless.py", str(workers), storage]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        started.append(subprocess.Popen(command, env=env, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], storage: str, more_than: int) -> dict[int, float]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if (FOLDER / FILES[storage]).exists():
            try:
                if len(done := finished(storage)) > more_than:
                    return done
            except (ValueError, KeyError, sqlite3.OperationalError):
                pass  # not made yet
        time.sleep(0.1)
    raise AssertionError(f"no further trial; the search exited with {process.poll()}")


@pytest.mark.parametrize(("workers", "storage"), [(1, "journal"), (2, "sqlite")])
def test_a_killed_search_loses_no_finished_trial_and_runs_the_interrupted_again(
    endless: Any, workers: int, storage: str
) -> None:
    process = endless(workers, storage)
    wait_for(process, storage, 3)
    children = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    before = finished(storage)
    again = endless(workers, storage)
    after = wait_for(again, storage, len(before) + workers)

    assert not alive
    assert before.items() <= after.items()
    assert process.returncode == -signal.SIGKILL


def test_an_interrupt_from_the_keyboard_ends_all_processes(endless: Any) -> None:
    process = endless(2)
    wait_for(process, "sqlite", 2)
    children = psutil.Process(process.pid).children()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(20)
    _, alive = psutil.wait_procs(children, timeout=10)

    assert not alive
    assert len(children) >= 2
