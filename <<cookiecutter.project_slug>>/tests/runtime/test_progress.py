"""How far long work is: a bar in a terminal, lines of the log elsewhere."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from <<cookiecutter.package_name>>.runtime import logs, progress

from ..conftest import ROOT

Log = Callable[[], list[dict[str, Any]]]


class Work:
    """Some work of one unit a second, by a clock that only ``wait`` moves."""

    def __init__(self, seconds: float, total: int | None = None) -> None:
        self.now, self.seconds = 0.0, seconds
        self.counter = progress.Counter("ingest", total, "files", clock=lambda: self.now)

    def wait(self, seconds: float) -> bool:
        """Work for so long; whether it has ended by then."""
        seconds = min(seconds, self.seconds - self.now)
        self.now += seconds
        self.counter.step(int(self.now) - self.counter.done, rows=1000 * int(self.now))
        return self.now >= self.seconds


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """A function that makes standard error a terminal; pytest sets it anew after fixtures."""

    def start() -> Terminal:
        terminal = Terminal()
        monkeypatch.setenv("LOG_FORMAT", "json")
        monkeypatch.setattr(sys, "stderr", terminal)
        logs.configure(stage="test")
        return terminal

    return start


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Log:
    """A function that starts a log, or returns the lines that it got since."""
    monkeypatch.setenv("LOG_FORMAT", "json")

    def read() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        logs.configure(run_id="r", stage="test")
        return lines

    return read


def display(work: Work, on: progress.Display) -> None:
    progress.refresh(on, work.wait)
    on.close()


def test_a_log_has_a_line_every_half_minute_with_the_time_left(log_lines: Log) -> None:
    log_lines()
    work = Work(seconds=95, total=100)
    display(work, progress.LogLines(work.counter))

    kept = ("task", "done", "total", "unit", "rows", "seconds", "seconds_left", "run_id")
    assert [[line[name] for name in kept] for line in log_lines()] == [
        ["ingest", 30, 100, "files", 30_000, 30, 70, "r"],
        ["ingest", 60, 100, "files", 60_000, 60, 40, "r"],
        ["ingest", 90, 100, "files", 90_000, 90, 10, "r"],
    ]


def test_no_time_is_left_where_the_end_is_not_known(log_lines: Log) -> None:
    log_lines()
    work = Work(seconds=40)
    display(work, progress.LogLines(work.counter))

    (line,) = log_lines()
    assert line["done"] == 30
    assert not {"total", "seconds_left"} & line.keys()


def test_a_terminal_has_a_bar_that_goes_away(terminal: Callable[[], Terminal]) -> None:
    screen = terminal()
    work = Work(seconds=5, total=10)
    bar = progress.Bar(work.counter)
    display(work, bar)

    drawn = screen.getvalue().split("\r")
    (last,) = [line for line in drawn if "4/10" in line][-1:]
    assert last.startswith("ingest")
    assert "rows=4,000" in last
    assert drawn[-1].strip() == ""


def test_what_is_logged_meanwhile_stands_above_the_bar(
    terminal: Callable[[], Terminal],
) -> None:
    screen = terminal()
    work = Work(seconds=3, total=10)
    bar = progress.Bar(work.counter)
    work.wait(2)
    bar.update()
    progress.log.info("read", file="a.csv")
    bar.close()
    progress.log.info("read", file="b.csv")

    first, second, rest = screen.getvalue().split("\n")
    assert json.loads(first.rpartition("\r")[2])["file"] == "a.csv"
    bar_again, cleared, line = second.lstrip("\r").split("\r")
    assert bar_again.startswith("ingest")
    assert cleared.strip() == rest == ""
    assert json.loads(line)["file"] == "b.csv"


@pytest.mark.parametrize("kind", [progress.LogLines, progress.Bar])
def test_work_that_ends_within_two_seconds_displays_nothing(
    terminal: Callable[[], Terminal], kind: type[progress.LogLines | progress.Bar]
) -> None:
    screen = terminal()
    work = Work(seconds=1.9, total=10)
    display(work, kind(work.counter))

    assert screen.getvalue() == ""


def test_a_long_call_within_the_block_is_displayed_too(
    log_lines: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress.LogLines, "first_s", 0.01)
    log_lines()
    with progress.progress("train", total=3, unit="rounds"):
        end = time.monotonic() + 10
        while not (lines := log_lines()) and time.monotonic() < end:
            time.sleep(0.01)

    (line,) = lines
    assert (line["event"], line["task"], line["total"]) == ("progress", "train", 3)
    assert (line["run_id"], line["stage"]) == ("r", "test")  # as on the lines of the stage


def test_an_error_in_the_work_is_the_works_own() -> None:
    with pytest.raises(ZeroDivisionError), progress.progress("train"):
        raise ZeroDivisionError


def test_a_stage_that_displays_nothing_does_not_import_the_bar() -> None:
    code = (
        f"import sys; from {progress.__name__} import progress\n"
        "with progress('x'): pass\n"
        "assert 'tqdm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
