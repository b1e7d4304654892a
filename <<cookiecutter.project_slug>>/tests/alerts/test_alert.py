"""The stage `alert`, and the commands beside it, as DVC and people run them."""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from <<cookiecutter.package_name>>.commands import (
    alerts as command_line,
)
from <<cookiecutter.package_name>>.stages import (
    alert as of_stage,
)

from ..fixture import CONF
from .conftest import VARIABLE, Sink, head
from .reports import ARRIVED, CALM, CLEAN, CONFIGURED, DRIFTED, FELL, PROMOTED, write

Ran = tuple[int, str]
HOOK = {"kind": "webhook", "address_env": VARIABLE}
WEBHOOK = {"channels": {"log": {"kind": "log"}, "hook": HOOK}, "hosts": ["127.0.0.1"]}


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[..., Ran]:
    """Runs a program's main with a params.yaml; gives its exit code and what it printed."""
    with initialize_config_dir(str(CONF)):
        composed = compose("config", overrides=["alert=log"])
    OmegaConf.set_struct(composed, False)

    def run(main: Callable[[], None], *words: str, **values: Any) -> Ran:
        code = 0
        params = OmegaConf.merge(composed, {"alert": values})
        Path("params.yaml").write_text(OmegaConf.to_yaml(params))
        monkeypatch.setattr(sys, "argv", ["main", *words])
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, "".join(capsys.readouterr())

    return run


@pytest.fixture
def stage(run, tmp_path: Path) -> Callable[..., tuple[int, str, dict]]:
    """Runs the alert stage on reports, with values of `alert`; gives code, log, report."""
    write(tmp_path, drift=DRIFTED, quality=CLEAN, metrics=CONFIGURED)

    def run_stage(values: dict | None = None, **reports: dict) -> tuple[int, str, dict]:
        write(tmp_path, **reports)
        code, text = run(of_stage.main, "-cn", "pipeline", **(values or {}))
        path = tmp_path / "reports/alerts.json"
        return code, text, json.loads(path.read_text()) if path.exists() else {}

    return run_stage


@pytest.fixture
def command(run) -> Callable[..., Ran]:
    """Runs `commands.alerts` with values of `alert`."""
    return lambda *words, **values: run(command_line.main, *words, **values)


def test_the_same_batch_twice_is_told_once_and_what_more_came_is_told(stage) -> None:
    code, text, first = stage()
    assert (code, first["suppressed"]) == (0, [])
    assert text.count(" ALERT ") == 1
    assert set(first["told"]) == {
        *("new: data drift: wind", "new: data drift: temperature", "new: prediction drift: 1"),
    }
    code, text, second = stage(
        drift=DRIFTED | {"run_id": "r2"}, incoming=ARRIVED | {"critical": ["all is null"]}
    )
    assert code == 0
    assert second["told"] == ["new: incoming data quality: incoming data"]
    assert len(second["suppressed"]) == 3
    assert "suppressed=3" in text


def test_a_day_on_which_all_is_well_sends_nothing(stage) -> None:
    code, _, report = stage(drift=CALM, incoming=ARRIVED)
    assert (code, report["raised"], report["sent"]) == (0, [], [])


def test_every_report_is_read_and_told_of_in_one_message(stage) -> None:
    code, text, report = stage(
        drift=CALM,
        metrics={"fell_back": "it diverged"},
        quality=CLEAN | {"quarantined": 11},
        performance=FELL,
        registry=PROMOTED | {"verdict": "reject", "version": "3"},
    )
    assert (code, text.count(" ALERT ")) == (0, 1)
    assert {line.split(": ")[1] for line in report["told"]} == {
        *("fallback model", "data quality", "performance", "gate"),
    }


def test_no_newer_batch_for_too_long_is_told(stage) -> None:
    assert stage({"overdue_h": 0.0}, drift=CALM, incoming=ARRIVED)[2]["told"] == []
    assert stage({"overdue_h": 0.0})[2]["told"] == ["new: arrivals: batch"]
    newer = ARRIVED | {"sha256": "july"}
    assert stage({"overdue_h": 0.0}, incoming=newer)[2]["told"] == ["resolved: arrivals: batch"]


def test_a_channel_that_refuses_ends_the_stage_by_kind_after_the_others_and_the_report(
    stage, sink: Sink
) -> None:
    sink.answer = head(404)
    code, text, report = stage(WEBHOOK)
    assert (code, len(report["sent"]), len(report["dead"])) == (5, 1, 1)
    assert "answered 404" in text
    assert str(sink.server_port) not in text


def test_a_channel_without_an_address_is_an_error_of_the_configuration(stage) -> None:
    code, _, report = stage(WEBHOOK)
    assert (code, len(report["sent"]), len(report["pending"])) == (2, 1, 1)


def test_a_good_run_pings_and_one_that_could_not_tell_does_not(stage, sink: Sink) -> None:
    assert stage({"ping_env": VARIABLE, "hosts": ["127.0.0.1"]}, drift=CALM)[0] == 0
    assert len(sink.received) == 1
    sink.answer = head(404)
    assert stage(WEBHOOK | {"ping_env": VARIABLE}, drift=DRIFTED)[0] == 5
    assert len(sink.received) == 2  # the alert


def test_the_stage_misses_the_report_on_what_arrived_once_there_are_predictions(
    stage, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/predictions.parquet").touch()
    code, text, _ = stage()
    assert code == 3
    assert "reports/incoming.json is missing" in text


def test_each_channel_can_be_tried_and_the_one_that_fails_gives_the_exit_code(
    command, sink: Sink
) -> None:
    code, text = command("test", **WEBHOOK)
    assert (code, len(sink.received)) == (0, 1)
    assert "only a test" in text
    sink.answer = head(403)
    code, text = command("test", **WEBHOOK)
    assert code == 5
    assert re.search(r"not sent.*channel=hook", text)
    assert re.search(r"\] sent .*channel=log", text)


def test_no_drift_report_for_two_periods_is_an_alert_of_a_job_that_runs_no_pipeline(
    command, tmp_path: Path
) -> None:
    write(tmp_path, drift=CALM)
    long_ago = time.time() - 15 * 86400
    os.utime(tmp_path / "reports/drift.json", (long_ago, long_ago))
    assert " ALERT " not in command("heartbeat", overdue_h=400.0)[1]
    code, text = command("heartbeat")
    assert (code, text.count(" ALERT ")) == (0, 1)
    assert "watch: drift report (critical" in text
    assert " ALERT " not in command("heartbeat")[1]
    write(tmp_path, drift=CALM)
    assert "[resolved]" in command("heartbeat")[1]


def test_a_drift_report_that_was_never_written_is_missed_too(command) -> None:
    assert command("heartbeat")[1].count(" ALERT ") == 1


def test_a_heartbeat_elsewhere_knows_the_last_drift_report_by_the_alerts_kept(
    stage, command, tmp_path: Path
) -> None:
    stage(drift=CALM)
    (tmp_path / "reports/drift.json").unlink()
    assert command("heartbeat")[1].count(" ALERT ") == 0


def test_a_silence_needs_a_reason_and_holds_until_it_is_ended(command, stage) -> None:
    assert command("silence", "--hours", "4")[0] == 2
    code, text = command("silence", "--hours", "4", "--why", "the sensors are exchanged")
    assert code == 0
    assert re.search(r"silenced +everything until .*the sensors are exchanged", text)
    assert stage()[2]["told"] == []
    assert "nothing is open" not in command("silence", "--end")[1]
    assert len(stage()[2]["told"]) == 3


def test_what_was_given_up_is_in_the_status_and_sent_again_when_asked(
    command, stage, sink: Sink, tmp_path: Path
) -> None:
    sink.answer = head(404)
    stage(WEBHOOK)
    code, text = command("status", **WEBHOOK)
    assert code == 0
    assert re.search(r"given up +hook: .*answered 404", text)
    assert re.search(r"open +data drift: wind \(error, 1 times", text)
    sink.answer = head(200)
    write(tmp_path, drift=DRIFTED)
    assert command("retry", **WEBHOOK)[0] == 0
    assert len(set(sink.keys)) == 1
    assert len(sink.received) == 2
