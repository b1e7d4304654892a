"""Several items at once, in threads."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CORES = min(os.cpu_count() or 1, 4)  # each has an item in memory


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """``function(item)`` of each item, in order; with one thread as ``map`` does it.

    A thread has one core: libraries that split each call among all cores wait for the slowest, and
    much longer where another thread has one of the cores. It pays where function and items release
    Python's lock, as polars, numpy and scikit-learn do. Memory holds an item more than threads.

    Raises:
        Exception: what function or items raise, where the result would have come.
    """
    if threads == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(threads, initializer=_use_one_core)
    coming: deque[Future[Result]] = deque()
    try:
        for item in items:
            coming.append(pool.submit(function, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _use_one_core() -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # of OpenMP: in this thread
