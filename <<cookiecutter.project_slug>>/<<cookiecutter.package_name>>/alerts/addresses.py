"""Addresses of channels: secret, in environment variables, and only to hosts that conf/ names.

And what went wrong there, said without the address.
"""

import os
from collections.abc import Iterable
from ipaddress import ip_address

from ..errors import ConfigError, ResourceError

HERE = ("localhost", "127.0.0.1", "::1")  # may be spoken to without TLS
RETRIED = (408, 425, 429)  # of 4xx: the receiver may take it later


class RefusedError(ResourceError):
    """The receiver will never take this message."""


def secret_address(variable: str) -> str:
    """The address that the variable holds.

    Raises:
        ConfigError: it holds none.
    """
    text = os.environ.get(variable, "").strip()
    if not text.isprintable() or " " in text or "://" not in text:
        raise unusable(variable, "something else" if text else "nothing")
    return text


def check_host(variable: str, host: str, hosts: Iterable[str], *, secure: bool) -> None:
    """Refuse an address that leads to a host that nobody named, or that goes there in clear.

    Raises:
        ConfigError: it does; the message repeats nothing of the address.
    """
    if not is_named(host, hosts):
        raise unnamed(variable)
    if not secure and host not in HERE:
        raise ConfigError(
            f"the address in {variable} would be spoken to without TLS. Let it begin with https:// "
            "(mailtos:// for mail).",
            "config.alert_host",
        )


def is_named(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of those that conf/ names, in whatever case."""
    return host.lower().rstrip(".") in {name.lower().rstrip(".") for name in hosts}


def is_inside(address: str, hosts: Iterable[str]) -> bool:
    """Whether a named host led to this machine itself or to its link, which nobody named.

    Such an answer of the name server is how a host outside is made to stand for one inside.
    """
    number = ip_address(address.partition("%")[0])
    number = getattr(number, "ipv4_mapped", None) or number
    inside = number.is_loopback or number.is_link_local or number.is_unspecified
    return inside and str(number) not in hosts and "localhost" not in hosts


def unnamed(variable: str) -> ConfigError:
    """The error for an address that leads to a host that conf/ does not name."""
    return ConfigError(
        f"the address in {variable} leads to a host that alert.hosts does not name. Correct the "
        "address, or add its host there.",
        "config.alert_host",
    )


def refusal(variable: str, status: int) -> ResourceError:
    """The error for a status that is not 2xx."""
    final = 400 <= status < 500 and status not in RETRIED
    return (RefusedError if final else ResourceError)(
        f"the receiver at {variable} answered {status}; expected is 2xx. Check the receiver, and "
        "whether the address is still right.",
        "resource.alert",
    )


def unreachable(variable: str, reason: str) -> ResourceError:
    """The error for a receiver that did not answer as one."""
    return ResourceError(
        f"the receiver at {variable} {reason}. Check the receiver and the network.",
        "resource.alert",
    )


def unusable(variable: str, content: str) -> ConfigError:
    """The error for a variable that holds no address."""
    return ConfigError(
        f"the variable {variable} should hold an address; it holds {content}. "
        "Set it where this job runs.",
        "config.alert_address",
    )
