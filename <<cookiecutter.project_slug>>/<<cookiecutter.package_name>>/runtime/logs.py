"""Structured logs: a line a reader can follow in a terminal, JSON in CI."""

import os
import sys
from typing import Any

import structlog


def configure(**bound: Any) -> None:
    """Send all events to standard error, each with ``bound`` (such as run_id and stage).

    JSON where ``CI`` is set or ``LOG_FORMAT=json``, else text.
    """
    as_json = os.environ.get("LOG_FORMAT", "json" if os.environ.get("CI") else "text") == "json"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
    ]
    render = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(sort_keys=True)]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                pad_event_to=24,
                exception_formatter=structlog.dev.plain_traceback,  # the rich one shows values
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *render],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**bound)
