"""Alerts by hand: `python -m PACKAGE.commands.alerts status | test | silence | retry | heartbeat`.

`heartbeat` belongs into a job of its own, which runs whatever becomes of the pipeline: it sends
what waits, and alerts when no drift report was written for longer than `alert.overdue_h`.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from ..alerts.channels import senders
from ..alerts.database import Database
from ..alerts.delivery import DEAD_LETTERS, Courier, Delivery
from ..alerts.message import Message
from ..alerts.outbox import Outbox
from ..alerts.reports import overdue
from ..alerts.signals import digest
from ..config import Config, load, read
from ..errors import ConfigError, PipelineError
from ..paths import ALERTS_DATABASE, DRIFT, PARAMS
from ..runtime import logs
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error

log = structlog.get_logger()


def try_channels(config: Config) -> None:
    """Send one message to each channel at once, past everything that may hold one back.

    Raises:
        PipelineError: of the first channel that failed, after all were tried.
    """
    errors = []
    title, now = f"[test] {config.name}: this is only a test", time.time()
    for channel, send in senders(config.alert).items():
        key = digest([channel, run_id()])
        body = f"Alerts reach you here ({channel}).\nkey {key}\n"
        try:
            send(Message(key, "warning", title, body, run_id(), now))
        except PipelineError as error:
            errors.append(error)
            log.warning("not sent", channel=channel, reason=error.message)
        else:
            log.info("sent", channel=channel)
    if errors:
        raise errors[0]


def heartbeat(config: Config, clock: Callable[[], float] = time.time) -> Delivery:
    """Alert if no drift report was written for too long; send what waits, such as after the night.

    Raises:
        PipelineError: a message could not be sent, and never will be.
    """
    database = Database(ALERTS_DATABASE, clock)
    outbox = Outbox(database, config.alert)
    written = [DRIFT.stat().st_mtime] if DRIFT.exists() else []
    recorded = outbox.since("drift report")  # this may be another machine
    latest = max(written + ([] if recorded is None else [recorded]), default=0.0)
    hours = (clock() - latest) / 3600
    outbox.note(overdue("watch", "drift report", "critical", hours, config.alert.overdue_h))
    courier = Courier(database, config.alert, name=config.name, run_id=run_id())
    delivery = courier.deliver(senders(config.alert), 10 * config.alert.timeout_s)
    if delivery.errors:
        raise delivery.errors[0]
    return delivery


def status(outbox: Outbox) -> str:
    """What is open, silenced, waiting and given up, as lines for people."""
    known = outbox.status()
    lines = [
        f"open       {one['rule']}: {one['subject']} ({one['severity']}, {one['times']} times"
        f", since {_time(one['since'])})\n           {one['body']}"
        for one in known["incidents"]
    ]
    lines += [
        f"silenced   {one['rule'] or 'everything'} until {_time(one['until'])}: {one['why']}"
        for one in known["silences"]
    ]
    lines += [f"waits      {one['channel']}: {one['rule']}" for one in known["notices"]]
    lines += [
        f"{'given up' if one['dead'] else 'waits':<11}{one['channel']}: {one['title']}"
        f" ({one['attempts']} tries; {one['error'] or 'not tried yet'})"
        for one in known["messages"]
    ]
    if any(one["dead"] for one in known["messages"]):
        lines.append(f"What was given up stands in {DEAD_LETTERS}; `alerts retry` sends it again.")
    return "\n".join(lines or ["nothing is open, and nothing waits"]) + "\n"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _silence(outbox: Outbox, arguments: argparse.Namespace) -> None:
    if arguments.end:
        outbox.end_silences()
        return
    if not arguments.why.strip() or not 0 < arguments.hours <= 24 * 366:
        raise ConfigError(
            "a silence needs a reason and its hours, at most a year: "
            'silence --hours 4 --why "the sensors are exchanged".',
            "config.silence",
        )
    outbox.silence(arguments.hours, arguments.why, arguments.rule)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="what is open, silenced, waiting and given up")
    commands.add_parser("test", help="send one message to each channel")
    silence = commands.add_parser("silence", help="tell nobody for some hours")
    silence.add_argument("--hours", type=float, default=0.0)
    silence.add_argument("--why", default="", help="for those who see it in the status")
    silence.add_argument("--rule", help="such as 'data drift'; else all")
    silence.add_argument("--end", action="store_true", help="end all silences now")
    commands.add_parser("retry", help="send again what was given up")
    commands.add_parser("heartbeat", help="alert if no drift report was written for too long")
    return parser.parse_args()


def main() -> None:
    """Carry out one command."""
    arguments = _arguments()
    logs.configure(run_id=run_id(), stage="alerts")
    with exit_on_error():
        config = load(read(str(PARAMS)))
        if arguments.command == "test":
            try_channels(config)
            return
        outbox = Outbox(Database(ALERTS_DATABASE), config.alert)
        if arguments.command == "silence":
            _silence(outbox, arguments)
        if arguments.command == "retry":
            log.info("given up before", messages=outbox.revive())
        if arguments.command in ("retry", "heartbeat"):
            heartbeat(config)
        sys.stdout.write(status(outbox))


if __name__ == "__main__":
    main()
