"""Results in the order of the items, several at once; errors and ends are as without threads."""

import threading
import time
from collections.abc import Iterator

import pytest

from <<cookiecutter.package_name>>.runtime.threads import (
    map_in_threads,
)

THREADS = [1, 2, 3]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("number", [0, 1, 2, 100])
def test_results_come_in_the_order_of_the_items(number: int, threads: int) -> None:
    def doubled_late(item: int) -> int:
        time.sleep(0.001 * (item % 3))
        return 2 * item

    assert list(map_in_threads(doubled_late, range(number), threads)) == [*range(0, 2 * number, 2)]


def test_as_many_items_as_threads_are_worked_on_at_once() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def met(item: int) -> int:
        meeting.wait()
        return item

    assert list(map_in_threads(met, range(6), 3)) == [*range(6)]


@pytest.mark.parametrize("threads", THREADS)
def test_memory_holds_an_item_more_than_threads(threads: int) -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            begun.append(number)
            yield number

    for result in map_in_threads(lambda item: item, items(), threads):
        assert len(begun) <= result + threads + 1


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("wrong", ["function", "items"])
def test_an_error_is_raised_where_its_result_would_have_come(wrong: str, threads: int) -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        if wrong == "items":
            raise ValueError("broken")
        yield 0

    results = map_in_threads(
        lambda item: 1 // item if wrong == "function" else item, items(), threads
    )
    with pytest.raises((ValueError, ZeroDivisionError)):
        list(results)
    assert threading.active_count() < 10


def test_a_caller_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    results = map_in_threads(str, range(100), 2)
    assert next(results) == "0"
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_thread_has_one_core() -> None:
    from threadpoolctl import threadpool_info

    def openmp(_: int) -> set[int]:
        import sklearn.ensemble  # noqa: F401 - it brings OpenMP

        return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "openmp"}

    next(map_in_threads(openmp, [0], 1))
    assert next(map_in_threads(openmp, [0], 2)) == {1}
