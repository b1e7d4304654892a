"""Alerts by apprise: mail, and whatever else it speaks, in a process of their own.

There its time is bounded as a whole, nothing is connected to but hosts that conf/ names, and what
it logs of an address goes nowhere: ``python -m PACKAGE.alerts.by_apprise``, an order as JSON on
standard input, the outcome on standard output.
"""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from ..errors import ConfigError, PipelineError, ResourceError
from .addresses import (
    RefusedError,
    check_host,
    is_inside,
    is_named,
    refusal,
    secret_address,
    unnamed,
    unreachable,
    unusable,
)

if TYPE_CHECKING:  # the process of its own needs neither
    from .message import Message, Send

ROOT = Path(__file__).resolve().parents[2]
OUTCOME = "outcome: "
START_S = 10.0  # for the process to come up
ERRORS = {kind.__name__: kind for kind in (ConfigError, RefusedError, ResourceError)}


def to_apprise(variable: str, hosts: tuple[str, ...], timeout_s: float) -> "Send":
    """A sender to the apprise address in an environment variable, such as ``mailtos://…``.

    Args:
        hosts: that it may connect to.
        timeout_s: for the whole exchange.
    """

    def send(message: "Message") -> None:
        secret_address(variable)
        order = {"variable": variable, "hosts": hosts, "timeout_s": timeout_s, "key": message.key}
        order |= {"title": message.title, "body": message.body, "severity": message.severity}
        try:
            done = subprocess.run(  # noqa: S603 - this module
                [sys.executable, "-m", __name__],
                input=json.dumps(order),
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=timeout_s + START_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise unreachable(variable, f"did not answer within {timeout_s:g} s") from None
        outcome = done.stdout.rpartition(OUTCOME)[2]  # a plugin may print, too
        if done.returncode or not outcome:
            raise unreachable(variable, "could not be spoken to: apprise failed")
        if error := json.loads(outcome):
            raise ERRORS[error["kind"]](error["message"], error["code"])

    return send


def main() -> None:
    """Carry out one order."""
    order = json.load(sys.stdin)
    outcome: dict[str, Any] = {}
    try:
        _notify(order)
    except PipelineError as error:
        kind = type(error).__name__
        outcome = {"kind": kind, "message": error.message, "code": error.code}
    sys.stdout.write(f"{OUTCOME}{json.dumps(outcome)}")


def _notify(order: dict[str, Any]) -> None:
    import apprise

    asset = apprise.AppriseAsset(
        storage_mode="memory", http_redirects=False, service_timeout=order["timeout_s"]
    )
    variable = order["variable"]
    plugin = apprise.Apprise.instantiate(secret_address(variable), asset=asset)
    if plugin is None:
        raise unusable(variable, "something else")
    plugin.redirects = False
    plugin.socket_connect_timeout = plugin.socket_read_timeout = order["timeout_s"]
    headers = getattr(plugin, "headers", None)
    if isinstance(headers, dict):  # mail and the like
        headers["Idempotency-Key"] = order["key"]
    _check_transport(variable, plugin, order["hosts"])
    refused = _guard(order["hosts"])
    lines = _Lines()
    logging.getLogger("apprise").handlers = [lines]
    service = apprise.Apprise(asset=asset)
    service.add(plugin)
    kind = "warning" if order["severity"] == "warning" else "failure"
    texts = {"title": order["title"], "body": order["body"]}
    if service.notify(**texts, notify_type=kind, body_format="text"):
        return
    if refused:
        raise unnamed(variable)
    if status := re.search(r"error=(\d{3})\b", "\n".join(lines.texts)):
        raise refusal(variable, int(status[1]))
    raise unreachable(variable, "could not be reached, or did not take it")


def _check_transport(variable: str, plugin: Any, hosts: list[str]) -> None:
    """Refuse what goes in clear, or trusts any certificate."""
    in_clear = plugin.protocol or ()
    in_clear = (in_clear,) if isinstance(in_clear, str) else in_clear
    host = str(getattr(plugin, "smtp_host", None) or plugin.host or "")
    if plugin.schema in in_clear:
        check_host(variable, host, hosts, secure=False)
    if not plugin.verify_certificate:
        raise ConfigError(
            f"the address in {variable} says verify=no, so anybody could answer. Take it out.",
            "config.alert_host",
        )


def _guard(hosts: list[str]) -> list[str]:
    """From now on this process looks up and connects to named hosts only; what it refused."""
    proxies = {urlsplit(address).hostname or "" for address in getproxies().values()}
    refused: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
            allowed = host is None or host in proxies or is_named(host, hosts)
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            allowed = bool(proxies) or not is_inside(arguments[1][0], hosts)
        else:
            return
        if not allowed:
            refused.append(event)
            raise OSError("alert.hosts does not name it")

    sys.addaudithook(watch)
    return refused


class _Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


if __name__ == "__main__":
    main()
