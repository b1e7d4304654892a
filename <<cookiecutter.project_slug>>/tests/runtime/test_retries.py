import pytest
import stamina

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.runtime.retries import (
    TransientError,
    retry,
)


def failing(times: int, error: Exception, tries: list[int]) -> str:
    tries.append(1)
    if len(tries) <= times:
        raise error
    return "done"


def test_what_passes_by_itself_is_waited_out() -> None:
    tries: list[int] = []

    assert retry(lambda: failing(2, TransientError("busy"), tries), 10) == "done"
    assert len(tries) == 3


def test_a_fault_for_good_is_told_at_once() -> None:
    tries: list[int] = []
    with pytest.raises(DataError):
        retry(lambda: failing(9, DataError("no such table"), tries), 10)

    assert len(tries) == 1


@pytest.mark.parametrize("within_s", [0, 0.3])
def test_the_last_fault_is_told_once_the_budget_is_spent(within_s: float) -> None:
    tries: list[int] = []
    assert stamina.is_active()
    with pytest.raises(TransientError, match="busy"):
        retry(lambda: failing(99, TransientError("busy"), tries), within_s)

    assert (len(tries) == 1) == (within_s == 0)
