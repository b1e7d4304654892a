"""Retries of transient faults, with exponential backoff and jitter."""

from collections.abc import Callable
from typing import TypeVar

from ..errors import ResourceError

T = TypeVar("T")


class TransientError(ResourceError):
    """A service refuses for now: no connection, a time-out, a lock that another holds."""


def retry(job: Callable[[], T], within_s: float) -> T:
    """Call ``job``, again while it raises TransientError, and return its result.

    Waits 0.2 s, 0.4 s … up to 10 s between two tries, with jitter, and logs each wait as a warning.

    Raises:
        TransientError: the last one, once ``within_s`` seconds are over; 0 tries once.
    """
    import stamina

    for attempt in stamina.retry_context(
        on=TransientError,
        attempts=None if within_s else 1,
        timeout=within_s or None,
        wait_initial=0.2,
        wait_max=10.0,
        wait_jitter=1.0,
    ):
        with attempt:
            return job()
    raise AssertionError("stamina tries at least once")
