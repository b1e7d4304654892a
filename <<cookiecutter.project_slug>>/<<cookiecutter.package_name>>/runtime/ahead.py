"""One item ahead: the next one is computed while this one is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items in order; a thread computes the next one while the caller uses this one.

    It pays where both release Python's lock, as polars, numpy and Arrow do. Memory holds two items.

    Raises:
        Exception: what the items raise, where the item would have come.
    """
    numbered = enumerate(items)
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, numbered, None)
        while (pair := coming.result()) is not None:
            coming = pool.submit(next, numbered, None)
            yield pair[1]
