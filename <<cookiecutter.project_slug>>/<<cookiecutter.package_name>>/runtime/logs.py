"""Structured logs without secrets: lines of text in a terminal, JSON in CI."""

import logging
import os
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any

import structlog

from ..redaction import redact


def configure(**bound: Any) -> None:
    """Send all events to standard error, each with ``bound`` (such as run_id and stage).

    JSON where ``CI`` is set or ``LOG_FORMAT=json``, else text. What libraries log, warnings and
    tracebacks are redacted as well, whatever the handler, such as the log file of a run by hand.
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
        processors=[*shared, *render, _redacted],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**bound)
    logging.setLogRecordFactory(_record)
    warnings.formatwarning = _warning
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _redacted(_logger: Any, _method: str, line: Any) -> str:
    return redact(line)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit: a library's mistake
        message = f"{record.msg} {record.args}"
    if (clean := redact(message)) != message:
        record.msg, record.args = clean, None
    if record.exc_info and record.exc_info[0]:
        text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if (clean := redact(text)) != text:
            record.exc_text, record.exc_info = clean, None
    return record


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,  # noqa: ARG001 - the program's text, which warnings may ask for
) -> str:
    return redact(f"{filename}:{lineno}: {category.__name__}: {message}\n")


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
