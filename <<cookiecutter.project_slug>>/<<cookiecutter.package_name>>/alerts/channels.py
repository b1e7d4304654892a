"""Channels: the log, a webhook, Slack, and whatever else apprise speaks."""

import structlog

from ..config.alert import AlertRoutes, Channel
from .by_apprise import to_apprise
from .message import Message, Send
from .webhook import as_json, as_slack, to_webhook

log = structlog.get_logger()


def senders(routes: AlertRoutes) -> dict[str, Send]:
    """How each channel is sent to. A sender raises ConfigError, RefusedError or ResourceError."""
    return {name: _sender(channel, routes) for name, channel in routes.channels.items()}


def _sender(channel: Channel, routes: AlertRoutes) -> Send:
    variable, reach = channel.address_env or "", (tuple(routes.hosts), routes.timeout_s)
    if channel.kind == "log":
        return to_log
    if channel.kind == "apprise":
        return to_apprise(variable, *reach)
    return to_webhook(variable, *reach, as_slack if channel.kind == "slack" else as_json)


def to_log(message: Message) -> None:
    """Write the message to the log."""
    text = " ".join(message.body.split())
    log.warning("ALERT", severity=message.severity, title=message.title, body=text)
