"""The next item is computed while one is used; order, errors and ends are as without it."""

import threading
from collections.abc import Iterator

import pytest

from <<cookiecutter.package_name>>.runtime.ahead import ahead


@pytest.mark.parametrize("items", [[], [None], [1, None, 3], list(range(100))])
def test_the_items_come_in_order(items: list[int | None]) -> None:
    assert list(ahead(items)) == items


def test_the_next_item_is_computed_while_one_is_used() -> None:
    begun = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        begun.set()
        yield 2

    for item in ahead(items()):
        if item == 1:
            assert begun.wait(10)


def test_never_more_than_one_item_is_ahead() -> None:
    computed: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            computed.append(number)
            yield number

    for item in ahead(items()):
        assert len(computed) <= item + 2


def test_an_error_is_raised_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items_ahead = ahead(items())
    assert next(items_ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items_ahead)


def test_a_caller_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    items = ahead(iter(range(100)))
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
