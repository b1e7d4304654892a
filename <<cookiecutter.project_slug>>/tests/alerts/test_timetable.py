"""What people are told, and when: on a clock that only the test moves."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from .conftest import START, Alerts, drift

DAY = 86_400.0
TEN_YEARS = 3650 * DAY
HOUR, NIGHT = 60.0, "22:00-07:00"  # the tests' clock starts in it


def test_a_flood_is_one_message_that_counts_it_and_again_in_the_window_none(alerts: Alerts) -> None:
    flood = [drift(f"b{i}", subject=f"column {i % 20:02}") for i in range(10_000)]
    for _ in range(2):
        alerts.note(*flood, minutes=1)
        alerts.deliver()
    (message,) = alerts.received
    assert "column 00, 500 times" in message.body
    assert "column 09, 500 times and 10 more" in message.body


def test_a_problem_from_its_beginning_to_its_end(alerts: Alerts) -> None:
    timetable = [
        (0.1, [drift("b1", "warning")], ["new"]),
        (30, [drift("b2", "warning")], []),  # within the window
        (31, [drift("b3", "warning")], ["still"]),
        (10, [drift("b4", "warning")], ["escalated"]),  # the third repeat
        (120, [drift("b4", "warning")], []),  # nothing came
        (1, [drift("b5", "critical")], ["worse"]),
        (1, [], ["resolved"]),
        (1440, [drift("b6", "warning")], ["new"]),
    ]
    told = [alerts.kinds(*signals, minutes=minutes) for minutes, signals, _ in timetable]
    assert told == [kinds for _, _, kinds in timetable]


def test_the_same_evidence_again_is_no_news_whenever_it_comes(alerts: Alerts) -> None:
    assert alerts.kinds(drift("b1")) == ["new"]
    for hours in (0, 1, 24):
        assert alerts.kinds(drift("b1"), minutes=hours * HOUR + 0.001) == []


def test_the_same_problem_with_new_evidence_is_suppressed_within_the_window_and_told_after(
    alerts: Alerts,
) -> None:
    assert alerts.kinds(drift("b1")) == ["new"]
    noted = alerts.note(drift("b2"), minutes=59)
    assert (noted.told, noted.suppressed) == ([], ["data drift: wind"])
    assert alerts.kinds(drift("b2"), minutes=2) == ["still"]
    assert alerts.kinds(drift("b3"), minutes=59) == []


@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        (drift("b2", "error"), []),
        (drift("b2", "warning"), []),
        (drift("b2", "critical"), ["worse"]),
        (drift("b1", "critical"), ["worse"]),
        (drift("b2", subject="rain"), ["new", "resolved"]),
    ],
)
def test_only_the_same_rule_and_subject_that_is_no_worse_is_suppressed(
    alerts: Alerts, second, kinds
) -> None:
    alerts.note(drift("b1"))
    assert sorted(alerts.kinds(second)) == kinds


def test_a_problem_escalates_once_after_so_many_repeats_and_reaches_further(with_routes) -> None:
    alerts = with_routes(escalate_after=3, names=["log", "far"])
    alerts.routes.channels["far"].severity = "critical"
    kinds = [alerts.kinds(drift(f"b{i}"), minutes=10) for i in range(6)]
    assert kinds == [["new"], [], [], ["escalated"], [], []]
    sent = Counter(line.split(":")[0] for line in alerts.deliver().sent)
    assert sent == {"log": 1, "far": 1}
    assert {one.severity for one in alerts.received} == {"critical"}


def test_a_problem_escalates_once_after_so_many_hours_although_nothing_came(with_routes) -> None:
    alerts = with_routes(escalate_h=72)
    hours = [0.01, 71, 1.1, 1, 100]
    kinds = [alerts.kinds(drift("b1", "warning"), minutes=HOUR * h) for h in hours]
    assert kinds == [["new"], [], ["escalated"], [], []]


def test_what_is_well_again_is_resolved_once_for_all_who_were_told_of_it(with_routes) -> None:
    alerts = with_routes(names=["log", "far"])
    alerts.routes.channels["far"].severity = "critical"
    for one in (drift("b1"), drift("b2", "critical"), drift("b3", "warning")):
        alerts.note(one)
        alerts.deliver()
    assert alerts.kinds() == ["resolved"]
    assert alerts.kinds() == []
    assert [line.split(":")[0] for line in alerts.deliver().sent] == ["far", "log"]
    assert "resolved" in alerts.received[-1].body


def test_a_rule_that_was_not_judged_resolves_nothing(alerts: Alerts) -> None:
    alerts.note(drift())
    assert alerts.outbox.note({"gate": []}).told == []
    assert len(alerts.outbox.status()["incidents"]) == 1


@pytest.mark.parametrize("pace", [10, 60, 600])
def test_twenty_flips_are_two_messages_at_most_and_the_end_is_told_when_it_has_settled(
    alerts: Alerts, pace: float
) -> None:
    kinds: list[str] = []
    for number in range(21):  # it ends open
        kinds += alerts.kinds(*[drift(f"b{number}")][number % 2 :], minutes=pace)
        alerts.deliver()
    assert kinds == ["new", "resolved"]
    assert alerts.kinds(drift("b20"), minutes=HOUR) == []
    assert alerts.kinds(drift("b20"), minutes=30 * HOUR) == ["new"]


def test_flips_that_end_well_end_with_the_message_that_said_so(alerts: Alerts) -> None:
    kinds = [k for i in range(20) for k in alerts.kinds(*[drift(f"b{i}")][i % 2 :], minutes=90)]
    assert kinds == ["new", "resolved"]
    assert alerts.kinds(minutes=48 * HOUR) == []


def test_something_worse_is_told_while_it_flaps(alerts: Alerts) -> None:
    for number in range(5):
        alerts.note(*[drift(f"b{number}")][number % 2 :])
    assert alerts.kinds(drift("b5"), minutes=HOUR) == []
    assert alerts.kinds(drift("b6", "critical")) == ["new"]
    for number in range(7, 11):
        assert alerts.kinds(*[drift(f"b{number}")][number % 2 :]) == []
    assert alerts.kinds(minutes=HOUR) == []
    assert alerts.kinds(minutes=48 * HOUR) == ["resolved"]


def test_in_quiet_hours_what_is_critical_passes_and_the_rest_is_one_message_at_their_end(
    with_routes,
) -> None:
    alerts = with_routes(quiet_hours=NIGHT)
    assert datetime.fromtimestamp(START, UTC).hour == 3
    alerts.note(drift("b1"), drift("b1", subject="rain"))
    assert alerts.deliver().sent == []
    alerts.note(drift("b1"), drift("b1", subject="rain"), drift("b2", "critical", "heat"))
    alerts.deliver()
    assert [one.severity for one in alerts.received] == ["critical"]
    alerts.now += 4 * 3600
    alerts.deliver()
    assert [one.severity for one in alerts.received] == ["critical", "error"]
    assert "wind, rain" in alerts.received[-1].body


def test_quiet_hours_are_those_of_their_time_zone(with_routes) -> None:
    alerts = with_routes(quiet_hours=NIGHT, time_zone="Asia/Tokyo")  # past noon there
    alerts.note(drift())
    assert len(alerts.deliver().sent) == 1


@pytest.mark.parametrize("rule", [None, "data drift"])
def test_in_a_silence_nobody_is_told_and_what_is_open_at_its_end_is_told_then(
    alerts: Alerts, rule: str | None
) -> None:
    alerts.outbox.silence(4, "sensors are exchanged", rule)
    assert alerts.kinds(drift("b1"), drift("b1", "critical", "rain"), minutes=60) == []
    assert alerts.kinds(drift("b1"), minutes=60) == []  # rain came and went
    assert alerts.kinds(drift("b1"), minutes=121) == ["new"]


def test_a_silence_of_another_rule_holds_nothing_back_and_each_may_be_ended(alerts) -> None:
    alerts.outbox.silence(4, "why", "gate")
    assert alerts.kinds(drift("b1")) == ["new"]
    alerts.outbox.silence(4, "why")
    alerts.outbox.end_silences()
    assert alerts.kinds(drift("b1"), drift("b1", subject="rain")) == ["new"]


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
def test_a_clock_that_jumps_neither_silences_nor_doubles(tmp_path, story) -> None:
    alerts = Alerts(tmp_path / "alerts.db")
    for number, (machine, now, sent) in enumerate(story):
        alerts.use(tmp_path / "alerts.db", machine)
        alerts.now = START + now
        alerts.note(drift(f"b{number}", "critical"), minutes=0)  # which does not escalate
        before = len(alerts.received)
        for _ in range(2):
            alerts.deliver()
        assert len(alerts.received) - before == sent


def test_a_heartbeat_counts_from_its_last_new_evidence(alerts: Alerts) -> None:
    assert alerts.outbox.beat("batch", "june") == 0
    alerts.now += 3600
    assert alerts.outbox.beat("batch", "june") == pytest.approx(1)
    assert alerts.outbox.beat("batch", "july") == 0
