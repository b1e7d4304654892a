from itertools import permutations

import pytest

from <<cookiecutter.package_name>>.report.page import (
    LONGEST,
    label,
    labels,
    number,
    percent,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456789, "0.1235"),
        (1234.5678, "1235"),
        (123456.789, "123457"),
        (3.0, "3"),
        (1e300, "1e+300"),
        (-0.00001234, "-1.234e-05"),
        (2013, 2013),
        ("2013-01-01", "2013-01-01"),
        (None, None),
    ],
)
def test_numbers_are_rounded_and_others_stay(value: object, text: object) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.00001, "< 0.1 %"), (0.99999, "> 99.9 %")],
)
def test_a_share_that_is_not_none_or_all_never_looks_so(share: float, text: str) -> None:
    assert percent(share).replace("\u00a0", " ") == text


def test_a_long_label_keeps_its_beginning_and_its_end() -> None:
    cut = label("a" * 100 + "z")
    assert len(cut) == LONGEST
    assert (cut[0], cut[-1]) == ("a", "z")


@pytest.mark.parametrize(
    "values", list(permutations(["x" * 100, "x" * 101, "x" * 99, label("x" * 100), "short"]))
)
def test_different_values_have_different_labels(values: tuple[str, ...]) -> None:
    assert len(set(labels(list(values)))) == 5
