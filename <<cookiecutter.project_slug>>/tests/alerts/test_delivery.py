import json
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.alerts.addresses import (
    RefusedError,
)
from <<cookiecutter.package_name>>.alerts.delivery import (
    PAUSES,
    Courier,
)
from <<cookiecutter.package_name>>.alerts.message import (
    Message,
)
from <<cookiecutter.package_name>>.alerts.signals import (
    signal as make_signal,
)
from <<cookiecutter.package_name>>.alerts.webhook import (
    as_json,
    to_webhook,
)
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ResourceError,
)

from .conftest import LOOPBACK, VARIABLE, Alerts, Sink, drift, head

processes = multiprocessing.get_context("spawn")
TITLE = "[error] rides: data drift"


def webhook(timeout_s: float = 5.0):
    return to_webhook(VARIABLE, LOOPBACK, timeout_s, as_json)


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def failing(error: Exception):
    def send(_: Message) -> None:
        raise error

    return send


def test_each_channel_is_sent_to_once(with_routes) -> None:
    alerts = with_routes(names=["log", "mail"])
    alerts.note(drift())
    assert alerts.deliver().sent == [f"log: {TITLE}", f"mail: {TITLE}"]
    assert alerts.deliver().sent == []
    assert len({message.key for message in alerts.received}) == 2


@pytest.mark.parametrize("down_s", [10, 60, 600])
def test_a_sink_that_is_down_gets_every_alert_when_it_is_back_and_none_twice(
    alerts: Alerts, sink: Sink, down_s: int
) -> None:
    subjects = []
    while len(subjects) < 10:
        sink.answer = head(200 if len(subjects) * down_s / 9 >= down_s else 503)
        subjects.append(f"column {len(subjects)}")
        if len(subjects) == 10:
            sink.received.clear()
        alerts.note(*(drift("b1", subject=name) for name in subjects), minutes=down_s / 540)
        alerts.deliver(log=webhook())
    bodies = [json.loads(request.body)["message"] for request in sink.received]
    assert {name: sum(body.count(name) for body in bodies) for name in subjects} == dict.fromkeys(
        subjects, 1
    )
    assert len(sink.keys) == len(set(sink.keys)) == 2  # the one that failed, and all that waited


def test_a_sink_that_is_back_within_one_run_gets_it_in_that_run(alerts: Alerts) -> None:
    slept: list[float] = []
    tries: list[str] = []
    alerts.note(drift())

    def send(message: Message) -> None:
        tries.append(message.key)
        if len(tries) < 3:
            raise ResourceError("down")

    courier = Courier(alerts.database, alerts.routes, name="rides", run_id="r1", sleep=slept.append)
    assert len(courier.deliver({"log": send}).sent) == 1
    assert slept == list(PAUSES[:2])
    assert len(set(tries)) == 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ResourceError("the sink is down"), "the sink is down"),
        (ConfigError("no address"), "no address"),
        (RuntimeError("https://secret"), "RuntimeError"),
    ],
)
def test_a_broken_channel_stays_pending_and_does_not_silence_the_others(
    with_routes, tmp_path: Path, failure: Exception, reason: str
) -> None:
    alerts = with_routes(names=["a_broken", "log"])
    alerts.note(drift())
    delivery = alerts.deliver(a_broken=failing(failure))
    assert (delivery.sent, delivery.pending) == ([f"log: {TITLE}"], [f"a_broken: {TITLE}"])
    assert [type(error) for error in delivery.errors] == [ConfigError] * (reason == "no address")
    alerts.deliver(a_broken=failing(failure))
    kept = rows(tmp_path / "alerts.db", "SELECT attempts, error FROM messages WHERE sent IS NULL")
    assert kept == [(2, reason)]
    assert alerts.deliver().sent == [f"a_broken: {TITLE}"]


def dead_letters(folder: Path) -> list[dict]:
    file = folder / "alerts_dead.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize("status", [400, 404, 302])
def test_what_is_refused_is_a_dead_letter_and_an_error_and_the_others_are_sent(
    with_routes, sink: Sink, tmp_path: Path, status: int
) -> None:
    alerts = with_routes(names=["a_hook", "log"])
    alerts.note(drift())
    sink.answer = head(status)
    delivery = alerts.deliver(a_hook=webhook())
    assert (delivery.sent, delivery.dead) == ([f"log: {TITLE}"], [f"a_hook: {TITLE}"])
    assert [error.exit_code for error in delivery.errors] == [5]
    alerts.deliver(a_hook=webhook())
    assert len(sink.received) == 1
    (letter,) = dead_letters(tmp_path)
    assert (letter["channel"], letter["key"]) == ("a_hook", sink.keys[0])
    assert str(status) in letter["reason"]
    assert alerts.outbox.revive() == 1
    assert alerts.deliver().sent == [f"a_hook: {TITLE}"]


def test_what_fails_for_too_long_is_a_dead_letter_and_the_next_is_tried(
    with_routes, sink: Sink, tmp_path: Path
) -> None:
    alerts = with_routes(give_up_h=48)
    sink.wait_s = 30
    alerts.note(drift())
    for _ in range(2):
        alerts.now += 23 * 3600
        assert alerts.deliver(log=webhook(0.2)).dead == []
    alerts.note(drift("b1"), drift("b1", subject="rain"))
    alerts.now += 26 * 3600
    delivery = alerts.deliver(log=webhook(0.2))
    assert (len(delivery.dead), len(delivery.pending)) == (1, 1)
    assert [letter["body"].count("wind") for letter in dead_letters(tmp_path)] == [1]


def test_a_letter_is_told_to_be_refused_by_its_error(alerts: Alerts) -> None:
    alerts.note(drift())
    assert len(alerts.deliver(log=failing(RefusedError("no"))).dead) == 1


def test_an_alert_waits_for_a_channel_that_is_off(tmp_path: Path, with_routes) -> None:
    alerts = with_routes(names=["mail"])
    alerts.note(drift())
    alerts.use(tmp_path / "alerts.db", names=["log"])
    assert alerts.deliver().pending == [f"mail: {TITLE}"]
    alerts.use(tmp_path / "alerts.db", names=["mail"])
    assert alerts.deliver().sent == [f"mail: {TITLE}"]


def test_sending_ends_when_its_time_is_over_and_loses_nothing(with_routes) -> None:
    alerts = with_routes(names=["a", "b", "c"])
    alerts.note(drift())
    slow = alerts.deliver(0.2, a=lambda _: time.sleep(0.3))
    assert (len(slow.sent), len(slow.pending)) == (1, 2)
    assert len(alerts.deliver().sent) == 2


def raise_and_send(path: Path, subject: str) -> None:
    """What a run does, in a process of its own."""
    alerts = Alerts(path)
    alerts.outbox.note({subject: [make_signal(subject, "all", "error", "body", "b1")]})
    alerts.deliver(60.0, log=webhook(20.0))


@pytest.mark.parametrize("subjects", [("x", "x"), ("x", "y")], ids=["same", "two"])
def test_two_runs_at_once_tell_of_each_event_once(sink: Sink, tmp_path, subjects) -> None:
    sink.wait_s = 0.3
    Alerts(tmp_path / "alerts.db")
    runs = [
        processes.Process(target=raise_and_send, args=(tmp_path / "alerts.db", subject))
        for subject in subjects
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    told = "".join(json.loads(request.body)["message"] for request in sink.received)
    assert {name: told.count(f"{name} (all)") for name in subjects} == dict.fromkeys(subjects, 1)
    assert rows(tmp_path / "alerts.db", "SELECT 1 FROM messages WHERE sent IS NULL") == []


def stop_before_sending(path: Path, reached: Path) -> None:
    def send(_: Message) -> None:
        reached.touch()
        time.sleep(60)

    Alerts(path).deliver(log=send)


def stop_before_recording(path: Path, reached: Path) -> None:
    def send(message: Message) -> None:
        webhook()(message)
        reached.touch()
        time.sleep(60)

    Alerts(path).deliver(log=send)


@pytest.fixture
def stuck(request, alerts: Alerts, sink: Sink, tmp_path: Path) -> Iterator:
    """A run that has begun to send an alert and stands still."""
    assert sink.received == []
    alerts.note(drift())
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
    stuck, alerts: Alerts, sink: Sink, received: int
) -> None:
    stuck.kill()
    stuck.join()
    assert stuck.exitcode == -signal.SIGKILL
    assert alerts.deliver(0.0, log=webhook()).pending == [f"log: {TITLE}"]
    assert alerts.deliver(log=webhook()).sent == [f"log: {TITLE}"]
    assert alerts.deliver(log=webhook()).sent == []
    assert len(sink.keys) == received
    assert len(set(sink.keys)) == 1


@pytest.mark.parametrize("stuck", [stop_before_sending], indirect=True)
def test_while_another_run_stands_still_alerts_wait_and_the_wait_is_bounded(
    stuck, alerts: Alerts, sink: Sink
) -> None:
    os.kill(stuck.pid, signal.SIGSTOP)
    started = time.monotonic()
    with capture_logs() as lines:
        assert alerts.deliver(0.3, log=webhook()).pending == [f"log: {TITLE}"]
    assert time.monotonic() - started < 5.0
    assert "another run" in lines[-1]["reason"]
    assert sink.received == []
