"""Delivery: what waits becomes one message a channel, and is sent until it has arrived.

A message is committed before it is sent. What was taken but could not be recorded, for the process
died in between, is sent again, with the same key. What is refused, or fails for too long, goes to a
file of dead letters; nothing is dropped.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from ..config.alert import AlertRoutes
from ..errors import ConfigError, PipelineError, ResourceError
from ..runtime.artifacts import append_line
from .addresses import RefusedError
from .database import Database
from .message import Message, Send, compose

DEAD_LETTERS = "alerts_dead.jsonl"
NOT_TRIED = "resource.alert_not_tried"
PAUSES = (1.0, 5.0, 20.0)  # seconds between tries of one run

log = structlog.get_logger()


@dataclass(frozen=True)
class Delivery:
    """What became of the messages, as ``channel: title`` lines."""

    sent: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    errors: list[PipelineError] = field(default_factory=list)  # that no later run will heal


class Courier:
    """Who brings messages to their channels.

    Args:
        database: where they are kept.
        routes: quiet hours, and how long is tried.
        name: of the project, for people.
        run_id: of this run.
        pauses: seconds between tries.
    """

    def __init__(
        self,
        database: Database,
        routes: AlertRoutes,
        *,
        name: str,
        run_id: str,
        pauses: Sequence[float] = PAUSES,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database = database
        self._routes = routes
        self._name = name
        self._run_id = run_id
        self._pauses = pauses
        self._sleep = sleep

    def deliver(self, senders: Mapping[str, Send], within_s: float = 300.0) -> Delivery:
        """Send everything that waits; what fails stays for the next time.

        Args:
            senders: by channel; what waits for another channel stays.
            within_s: how long to wait for another run that is sending, and for how long to go on
                sending; what is left then stays, too.
        """
        delivery = Delivery()
        with self._database.sole_sender(within_s) as alone:
            if not alone:
                reason = "another run is still sending"
                log.warning("alerts not sent, will be tried again", reason=reason)
                delivery.pending.extend(f"{channel}: {title}" for channel, title in self._waiting())
                return delivery
            end = time.monotonic() + within_s
            for channel in sorted({channel for channel, _ in self._waiting()}):
                for number, message in self._messages(channel):
                    failure = self._send(number, message, senders.get(channel), end)
                    if failure is None:
                        delivery.sent.append(f"{channel}: {message.title}")
                    elif not self._record(delivery, number, channel, message, failure):
                        break  # the next one is not tried before this one has arrived
        return delivery

    def _waiting(self) -> list[tuple[str, str]]:
        """Channels, and what waits for them."""
        with self._database.transaction() as db:
            return [
                (channel, title)
                for channel, title in db.execute(
                    "SELECT channel, title FROM messages WHERE sent IS NULL AND dead IS NULL"
                    " UNION SELECT channel, rule FROM notices"
                )
            ]

    def _messages(self, channel: str) -> Iterator[tuple[int, Message]]:
        """The channel's messages in their order; what waits beside them becomes one more."""
        number = 0
        while following := self._next(channel, number):
            number = following[0]
            yield following

    def _next(self, channel: str, after: int) -> tuple[int, Message] | None:
        with self._database.transaction() as db:
            row = db.execute(
                "SELECT seq, key, severity, title, body, run_id, created FROM messages"
                " WHERE channel = ? AND sent IS NULL AND dead IS NULL AND seq > ? ORDER BY seq",
                (channel, after),
            ).fetchone()
            if row is not None:
                return row["seq"], Message(*row[1:])
            least = "critical" if self._is_quiet() else "%"
            notices = db.execute(
                "SELECT * FROM notices WHERE channel = ? AND severity LIKE ? ORDER BY seq",
                (channel, least),
            ).fetchall()
            if not notices:
                return None
            now = self._database.clock()
            message = compose(self._name, channel, notices, self._run_id, now)
            number = db.execute(
                "INSERT INTO messages (key, severity, title, body, run_id, created, channel)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*asdict(message).values(), channel),
            ).lastrowid
            db.executemany("DELETE FROM notices WHERE seq = ?", [(one["seq"],) for one in notices])
            return int(number or 0), message

    def _is_quiet(self) -> bool:
        if self._routes.quiet is None:
            return False
        begin, end = self._routes.quiet
        now = datetime.fromtimestamp(self._database.clock(), self._routes.zone).time()
        return begin <= now < end if begin <= end else now >= begin or now < end

    def _send(
        self, number: int, message: Message, send: Send | None, end: float
    ) -> PipelineError | None:
        """Send one and record it; why it failed. What cannot be recorded is not sent."""
        if send is None:
            return ResourceError("the channel is off", NOT_TRIED)
        if time.monotonic() >= end:
            return ResourceError("others took all the time", NOT_TRIED)
        for pause in (*self._pauses, None):
            with self._database.transaction() as db:
                db.execute("UPDATE messages SET attempts = attempts + 1 WHERE seq = ?", (number,))
            failure = _try(send, message)
            if failure is None:
                with self._database.transaction() as db:
                    values = (self._database.clock(), number)
                    db.execute("UPDATE messages SET sent = ?, error = NULL WHERE seq = ?", values)
                return None
            bounded = pause is None or time.monotonic() + pause >= end
            if bounded or isinstance(failure, RefusedError | ConfigError):
                break
            self._sleep(pause or 0)
        return failure

    def _record(
        self, delivery: Delivery, number: int, channel: str, message: Message, why: PipelineError
    ) -> bool:
        """Keep what could not be sent; whether it is given up, so that the next may be tried."""
        now, line = self._database.clock(), f"{channel}: {message.title}"
        late = now - message.created >= self._routes.give_up_h * 3600
        waits = isinstance(why, ConfigError) or why.code == NOT_TRIED  # for as long as it takes
        dead = isinstance(why, RefusedError) or (late and not waits)
        if dead:
            letter = {"channel": channel, "reason": why.message, "time": now, **asdict(message)}
            append_line(self._dead_letters, json.dumps(letter, ensure_ascii=False))
        with self._database.transaction() as db:
            db.execute(
                "UPDATE messages SET error = ?, dead = ? WHERE seq = ?",
                (why.message, now if dead else None, number),
            )
        fate = f"kept in {DEAD_LETTERS}" if dead else "will be tried again"
        log.warning(f"alert not sent, {fate}", channel=channel, reason=why.message)
        (delivery.dead if dead else delivery.pending).append(line)
        if dead or isinstance(why, ConfigError):
            delivery.errors.append(why)
        return dead

    @property
    def _dead_letters(self) -> Path:
        return self._database.path.with_name(DEAD_LETTERS)


def _try(send: Send, message: Message) -> PipelineError | None:
    """Why the message could not be sent; None if it was."""
    try:
        send(message)
    except (ConfigError, ResourceError) as error:
        return error
    except Exception as error:  # one broken channel must not silence the others
        return ResourceError(type(error).__name__, "resource.alert")  # its text may hold an address
    return None
