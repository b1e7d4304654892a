"""Alerts to a webhook: one POST of JSON to an address that stays secret.

Apprise's own transport bounds only single reads, reads whole answers, and does not say what the
status was.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from ..errors import ResourceError
from .addresses import (
    RefusedError,
    check_host,
    is_inside,
    refusal,
    secret_address,
    unreachable,
    unusable,
)
from .message import Message, Send

if TYPE_CHECKING:
    from yarl import URL

Content = dict[str, Any]
REDIRECTS = (301, 302, 303, 307, 308)

log = structlog.get_logger()


def to_webhook(
    variable: str, hosts: tuple[str, ...], timeout_s: float, content: Callable[[Message], Content]
) -> Send:
    """A sender that posts JSON to the address in an environment variable.

    The header ``Idempotency-Key`` is the same whenever one message is posted again: a receiver that
    took it and could not say so recognises it. Any 2xx status is success; the answer's body is not
    read. No redirect is followed. The address reaches neither the log nor an error.

    Args:
        hosts: that the address may lead to.
        timeout_s: from the connection to the status of the answer, whatever comes in between.
    """

    def send(message: Message) -> None:
        post(variable, hosts, timeout_s, content(message), message.key)

    return send


def as_json(message: Message) -> Content:
    """What a webhook gets."""
    return {
        "version": "1.0",
        "title": message.title,
        "message": message.body,
        "type": "warning" if message.severity == "warning" else "failure",
        "idempotency_key": message.key,
        "severity": message.severity,
        "run_id": message.run_id,
        "created": datetime.fromtimestamp(message.created, UTC).isoformat(timespec="seconds"),
    }


def as_slack(message: Message) -> Content:
    """What an incoming webhook of Slack gets; nothing in it is markup of theirs."""
    text = f"{message.title}\n{message.body}"
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return {"text": text, "mrkdwn": False}


def post(
    variable: str, hosts: tuple[str, ...], timeout_s: float, content: Content, key: str
) -> None:
    """Post once.

    Raises:
        ConfigError: the variable holds no address, or one that leads where it may not.
        RefusedError: the receiver redirects, or will never take it.
        ResourceError: it could not be reached, did not answer in time, or not with 2xx.
    """
    status = _status(variable, hosts, timeout_s, content, key)
    if status in REDIRECTS:
        raise RefusedError(
            f"the receiver at {variable} redirects ({status}), which is not followed. "
            f"Set {variable} to the final address.",
            "resource.webhook_redirect",
        )
    if not 200 <= status < 300:
        raise refusal(variable, status)


def ping(variable: str, hosts: tuple[str, ...], timeout_s: float, run_id: str) -> None:
    """Tell an address outside that a run went well; it alerts when it hears nothing for too long.

    Raises:
        ConfigError: the variable holds no address, or one that leads where it may not.
    """
    try:
        post(variable, hosts, timeout_s, {"run_id": run_id}, run_id)
    except ResourceError as error:  # which the address outside will notice
        log.warning("the ping after this good run failed", reason=error.message)


def _status(
    variable: str, hosts: tuple[str, ...], timeout_s: float, content: Content, key: str
) -> int:
    import aiohttp

    address = _address(variable)
    host = address.raw_host or ""
    check_host(variable, host, hosts, secure=address.scheme == "https")
    try:
        return asyncio.run(_post(address, hosts, timeout_s, content, key))
    except TimeoutError:
        reason = f"did not answer within {timeout_s:g} s (alert.timeout_s)"
    except aiohttp.ClientConnectorDNSError:
        reason = "cannot be reached: no machine of that name is known, or it may not be this one"
    except aiohttp.ClientHttpProxyError:
        reason = "cannot be reached: the proxy refuses"
    except aiohttp.ClientSSLError:
        reason = "cannot be reached: TLS fails, or its certificate is refused"
    except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, OSError):
        reason = "cannot be reached, or ended the connection"
    except (aiohttp.InvalidURL, UnicodeError):
        raise unusable(variable, "something else") from None
    except aiohttp.ClientError:
        reason = "gave an answer that is not HTTP"
    raise unreachable(variable, reason)


async def _post(
    address: "URL", hosts: tuple[str, ...], timeout_s: float, content: Content, key: str
) -> int:
    import aiohttp
    from aiohttp.resolver import ThreadedResolver

    class Outside(ThreadedResolver):
        """Addresses of a host, as they are when it is connected to."""

        async def resolve(self, host: str, *where: Any, **how: Any) -> Any:
            answers = await super().resolve(host, *where, **how)
            if host == address.raw_host and any(is_inside(one["host"], hosts) for one in answers):
                raise OSError("a name outside stands for this machine")
            return answers

    async with (
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Outside()),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            trust_env=True,  # the network's proxy
        ) as session,
        session.post(
            address, json=content, headers={"Idempotency-Key": key}, allow_redirects=False
        ) as answer,
    ):
        return answer.status


def _address(variable: str) -> "URL":
    """The address in the variable, byte for byte: a signature may depend on how it is quoted."""
    from yarl import URL

    text = secret_address(variable)
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return URL(text, encoded=text.isascii())
    except ValueError:
        pass  # not an address; its text may be a secret all the same
    raise unusable(variable, "something else")
