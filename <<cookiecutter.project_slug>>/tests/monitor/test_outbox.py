import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ResourceError,
)
from <<cookiecutter.package_name>>.monitor.alerts import (
    Alert,
    alert,
    to_log,
)
from <<cookiecutter.package_name>>.monitor.outbox import (
    Outbox,
)
from <<cookiecutter.package_name>>.monitor.webhook import to_webhook

from .conftest import HOUR, VARIABLE, Sink, drift

DAY = 86_400.0
TEN_YEARS = 3650 * DAY

processes = multiprocessing.get_context("spawn")


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def test_each_channel_is_sent_to_once(outbox: Outbox) -> None:
    received: list[str] = []
    send = {
        name: lambda a, name=name: received.append(f"{name} {a.run_id}") for name in ("log", "mail")
    }
    outbox.add(drift(), ["log", "mail"], HOUR)
    assert outbox.deliver(send).sent == ["log: data drift", "mail: data drift"]
    assert outbox.deliver(send).sent == []
    assert received == ["log r1", "mail r1"]


@pytest.mark.parametrize("deliver", [True, False], ids=["sent", "pending"])
def test_the_same_alert_raised_again_is_sent_once(outbox: Outbox, deliver: bool) -> None:
    received: list[str] = []
    send = {"log": lambda a: received.append(a.id)}
    assert outbox.add(drift(), ["log"], timedelta(0)) == []
    if deliver:
        outbox.deliver(send)
    assert outbox.add(drift(), ["log"], timedelta(0)) == (["log"] if deliver else [])
    outbox.deliver(send)
    assert received == [drift().id]


@pytest.mark.parametrize(
    ("second", "suppressed"),
    [
        (drift("r2"), True),
        (drift("r2", "warning"), True),
        (drift("r2", "critical"), False),
        (drift("r2", columns=("y",)), False),
        (drift("r2", columns=("x", "y")), False),
        (drift("r2", columns=()), False),
        (alert("r2", "error", "prediction drift", "body", ["x"]), False),
    ],
)
def test_only_the_same_event_that_is_no_worse_is_suppressed(
    outbox: Outbox, tmp_path: Path, second: Alert, suppressed: bool
) -> None:
    outbox.add(drift(), ["log"], HOUR)
    outbox.deliver({"log": to_log})
    with capture_logs() as lines:
        assert outbox.add(second, ["log"], HOUR) == (["log"] if suppressed else [])
    assert [line["event"] for line in lines] == ["alert suppressed"] * suppressed
    assert len(outbox.deliver({"log": to_log}).sent) == (not suppressed)
    kept = rows(tmp_path / "alerts.db", "SELECT suppressed, sent IS NULL FROM outbox ORDER BY seq")
    assert kept[1] == (suppressed, suppressed)


def test_what_was_suppressed_suppresses_nothing_itself(tmp_path: Path) -> None:
    times = iter([0.0, 3000.0, 6000.0])
    outbox = Outbox(tmp_path / "alerts.db", clock=lambda: next(times))
    results = [outbox.add(drift(f"r{i}"), ["log"], HOUR) for i in range(3)]
    assert results == [[], ["log"], []]


def test_a_channel_that_is_new_is_sent_to_although_another_has_it(outbox: Outbox) -> None:
    outbox.add(drift("r1"), ["log"], HOUR)
    assert outbox.add(drift("r2"), ["log", "webhook"], HOUR) == ["log"]


CLOCKS = {
    "right": [("a", 0, True), ("a", 3599, False), ("a", 3601, True)],
    "ten years ahead, then right": [("a", TEN_YEARS, True), ("a", 0, True), ("a", 60, False)],
    "a day back": [("a", 0, True), ("a", -DAY, True), ("a", 60 - DAY, False), ("a", -7200, True)],
    "a day back, then right": [("a", 0, True), ("a", -DAY, True), ("a", 60, True)],
    "an hour ahead, then back": [("a", 0, True), ("a", 3660, True), ("a", 120, True)],
    "stands still": [("a", 0, True), ("a", 0, True), ("a", 0, True)],
    "the same time at each boot": [("a", 30, True), ("a", 31, False), ("a", 30, True)],
    "two machines, minutes apart": [("a", 300, True), ("b", 60, False), ("a", 360, False)],
    "two machines, years apart": [
        ("a", TEN_YEARS, True),
        ("b", 0, True),
        ("a", TEN_YEARS + 60, False),
        ("b", 60, False),
        ("b", 3660, True),
    ],
    "another machine a day behind": [("a", 0, True), ("b", -DAY, True), ("b", 60 - DAY, False)],
}


@pytest.mark.parametrize("story", CLOCKS.values(), ids=CLOCKS)
def test_a_clock_that_jumps_neither_silences_nor_doubles(tmp_path: Path, story) -> None:
    path, received = tmp_path / "alerts.db", []
    for number, (machine, now, sent) in enumerate(story):
        outbox = Outbox(path, clock=lambda now=now: 2e9 + now, machine=machine)
        outbox.add(drift(f"r{number}"), ["log"], HOUR)
        for _ in range(2):
            outbox.deliver({"log": lambda a: received.append(a.run_id)})
        assert received.count(f"r{number}") == sent


def test_alerts_are_sent_in_the_order_in_which_they_were_raised_whatever_the_clock_said(
    tmp_path: Path,
) -> None:
    times = iter([TEN_YEARS, 0.0, 5.0])
    outbox = Outbox(tmp_path / "alerts.db", clock=lambda: next(times))
    received: list[str] = []
    for number in range(3):
        late = replace(drift(f"r{number}"), created=f"20{30 - number}-01-01T00:00:00+00:00")
        outbox.add(late, ["log"], timedelta(0))
    outbox.deliver({"log": lambda a: received.append(a.run_id)})
    assert received == ["r0", "r1", "r2"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ResourceError("the sink is down"), "the sink is down"),
        (ConfigError("no address"), "no address"),
        (RuntimeError("https://secret"), "RuntimeError"),
    ],
)
def test_a_broken_channel_stays_pending_and_does_not_silence_the_others(
    outbox: Outbox, tmp_path: Path, failure: Exception, reason: str
) -> None:
    def broken(_: Alert) -> None:
        raise failure

    outbox.add(drift(), ["a_broken", "log"], HOUR)
    delivery = outbox.deliver({"a_broken": broken, "log": to_log})
    assert (delivery.sent, delivery.pending) == (["log: data drift"], ["a_broken: data drift"])
    outbox.deliver({"a_broken": broken})
    kept = rows(tmp_path / "alerts.db", "SELECT attempts, error FROM outbox WHERE sent IS NULL")
    assert kept == [(2, reason)]


def test_an_alert_waits_for_a_channel_that_is_off(outbox: Outbox) -> None:
    outbox.add(drift(), ["mail"], HOUR)
    assert outbox.deliver({}).pending == ["mail: data drift"]
    assert outbox.deliver({"mail": to_log}).sent == ["mail: data drift"]


def test_sending_ends_when_its_time_is_over_and_loses_nothing(outbox: Outbox) -> None:
    for number in range(3):
        outbox.add(drift(f"r{number}"), ["log"], timedelta(0))
    slow = outbox.deliver({"log": lambda _: time.sleep(0.3)}, within_s=0.2)
    assert (len(slow.sent), len(slow.pending)) == (1, 2)
    assert len(outbox.deliver({"log": to_log}).sent) == 2


def raise_and_send(path: Path, run: str, columns: tuple[str, ...]) -> None:
    """What a run does, in a process of its own."""
    outbox = Outbox(path)
    outbox.add(drift(run, columns=columns), ["webhook"], HOUR)
    outbox.deliver({"webhook": to_webhook(VARIABLE, 20.0)}, within_s=60.0)


@pytest.mark.parametrize("columns", [("x", "x"), ("x", "y")], ids=["same event", "two events"])
def test_two_runs_at_once_send_each_event_once(outbox: Outbox, sink: Sink, tmp_path, columns):
    outbox.add(drift("before", columns=("z",)), ["webhook"], HOUR)
    sink.wait_s = 0.5
    runs = [
        processes.Process(target=raise_and_send, args=(tmp_path / "alerts.db", f"r{i}", (column,)))
        for i, column in enumerate(columns)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert len(sink.keys) == len(set(sink.keys)) == 1 + len(set(columns))
    assert rows(tmp_path / "alerts.db", "SELECT 1 FROM outbox WHERE sent IS NULL") == [(1,)] * (
        columns[0] == columns[1]  # the suppressed one
    )


def test_a_run_says_that_it_waited_and_that_another_sent_its_alert(
    outbox: Outbox, sink: Sink, tmp_path: Path
) -> None:
    sink.wait_s = 1.0
    other = processes.Process(target=raise_and_send, args=(tmp_path / "alerts.db", "r1", ("x",)))
    other.start()
    while not sink.received:
        time.sleep(0.02)
    with capture_logs() as lines:
        assert outbox.deliver({"webhook": to_webhook(VARIABLE, 5.0)}).sent == []
    other.join()
    waited, sent = (line["event"] for line in lines)
    assert "waiting for another run" in waited
    assert "another run sent it" in sent
    assert len(sink.received) == 1


def stop_before_sending(path: Path, reached: Path) -> None:
    def send(_: Alert) -> None:
        reached.touch()
        time.sleep(60)

    Outbox(path).deliver({"webhook": send})


def stop_before_recording(path: Path, reached: Path) -> None:
    def send(waiting: Alert) -> None:
        to_webhook(VARIABLE, 5.0)(waiting)
        reached.touch()
        time.sleep(60)

    Outbox(path).deliver({"webhook": send})


@pytest.fixture
def stuck(request, outbox: Outbox, sink: Sink, tmp_path: Path) -> Iterator:
    """A run that has begun to send an alert and stands still."""
    outbox.add(drift(), ["webhook"], HOUR)
    assert sink.received == []
    reached = tmp_path / "reached"
    run = processes.Process(target=request.param, args=(tmp_path / "alerts.db", reached))
    run.start()
    while not reached.exists():
        assert run.is_alive()
        time.sleep(0.02)
    yield run
    run.kill()
    run.join()


@pytest.mark.parametrize(
    ("stuck", "received"),
    [(stop_before_sending, 1), (stop_before_recording, 2)],
    indirect=["stuck"],
    ids=["before it sends", "before it records"],
)
def test_what_a_killed_run_left_is_sent_at_once_by_the_next_with_the_same_key(
    stuck, outbox: Outbox, sink: Sink, received: int
) -> None:
    stuck.kill()
    stuck.join()
    assert stuck.exitcode == -signal.SIGKILL
    send = {"webhook": to_webhook(VARIABLE, 5.0)}
    assert outbox.deliver(send, within_s=0.0).pending == ["webhook: data drift"]
    assert outbox.deliver(send, within_s=1.0).sent == ["webhook: data drift"]
    assert outbox.deliver(send, within_s=1.0).sent == []
    assert sink.keys == [drift().id] * received


@pytest.mark.parametrize("stuck", [stop_before_sending], indirect=True)
def test_while_another_run_stands_still_alerts_wait_and_the_wait_is_bounded(
    stuck, outbox: Outbox, sink: Sink
) -> None:
    send = {"webhook": to_webhook(VARIABLE, 5.0)}
    os.kill(stuck.pid, signal.SIGSTOP)
    started = time.monotonic()
    with capture_logs() as lines:
        assert outbox.deliver(send, within_s=0.3).pending == ["webhook: data drift"]
    assert time.monotonic() - started < 5.0
    assert "another run" in lines[-1]["reason"]
    assert sink.received == []
