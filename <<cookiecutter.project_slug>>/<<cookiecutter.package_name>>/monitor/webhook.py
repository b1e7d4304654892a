"""Alerts to a webhook: one POST of JSON to an address that stays secret."""

import asyncio
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConfigError, ResourceError
from .alerts import Alert, Send

if TYPE_CHECKING:
    from yarl import URL

REDIRECTS = (301, 302, 303, 307, 308)


def to_webhook(variable: str, timeout_s: float) -> Send:
    """A sender that posts JSON to the address in an environment variable.

    ``Idempotency-Key``, a header and a field of the JSON, is the same whenever one alert is posted
    again: a receiver that took it and could not say so recognises it. Any 2xx status is success;
    the answer's body is not read. No redirect is followed. The address reaches neither the log nor
    an error.

    Args:
        timeout_s: from the connection to the status of the answer, whatever comes in between.
    """

    def send(raised: Alert) -> None:
        status = _status(variable, raised, timeout_s)
        if status in REDIRECTS:
            raise ResourceError(
                f"the webhook of {variable} redirects ({status}), which is not followed. "
                f"Set {variable} to the final address.",
                "resource.webhook_redirect",
            )
        if not 200 <= status < 300:
            raise ResourceError(
                f"the webhook of {variable} answered {status}; expected is 2xx. Check the "
                "receiver, and whether the address is still right.",
                "resource.webhook",
            )

    return send


def _status(variable: str, raised: Alert, timeout_s: float) -> int:
    """The status of the answer.

    Raises:
        ConfigError: the variable holds no address.
        ResourceError: there was no answer in time.
    """
    import aiohttp

    address = _address(variable)
    try:
        return asyncio.run(_post(address, raised, timeout_s))
    except TimeoutError:
        reason = f"did not answer within {timeout_s:g} s (alert.timeout_s)"
    except aiohttp.ClientConnectorDNSError:
        reason = "cannot be reached: no machine of that name is known"
    except aiohttp.ClientHttpProxyError:
        reason = "cannot be reached: the proxy refuses"
    except aiohttp.ClientSSLError:
        reason = "cannot be reached: TLS fails, or its certificate is refused"
    except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, OSError):
        reason = "cannot be reached, or ended the connection"
    except (aiohttp.InvalidURL, UnicodeError):
        raise _unusable(variable, "something else") from None
    except aiohttp.ClientError:
        reason = "gave an answer that is not HTTP"
    raise ResourceError(
        f"the webhook of {variable} {reason}. Check the receiver and the network.",
        "resource.webhook",
    )


async def _post(address: "URL", raised: Alert, timeout_s: float) -> int:
    import aiohttp

    async with (
        aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            trust_env=True,  # the network's proxy
        ) as session,
        session.post(
            address,
            json=_content(raised),
            headers={"Idempotency-Key": raised.id},
            allow_redirects=False,
        ) as answer,
    ):
        return answer.status


def _content(raised: Alert) -> dict[str, Any]:
    return {
        "version": "1.0",
        "title": f"[{raised.severity}] {raised.subject}",
        "message": f"{raised.body}\nrun {raised.run_id}",
        "type": "warning" if raised.severity == "warning" else "failure",
        "idempotency_key": raised.id,
        "severity": raised.severity,
        "subject": raised.subject,
        "run_id": raised.run_id,
        "created": raised.created,
    }


def _address(variable: str) -> "URL":
    """The address in the variable, byte for byte: a signature may depend on how it is quoted."""
    from yarl import URL

    text = os.environ.get(variable, "").strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        if usable and text.isprintable() and " " not in text:
            return URL(text, encoded=text.isascii())
    except ValueError:
        pass  # not an address; its text may be a secret all the same
    raise _unusable(variable, "something else" if text else "nothing")


def _unusable(variable: str, content: str) -> ConfigError:
    return ConfigError(
        f"the variable {variable} should hold an http(s) address; it holds {content}. "
        "Set it where this job runs.",
        "config.webhook",
    )
