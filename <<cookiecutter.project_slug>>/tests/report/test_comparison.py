from dataclasses import replace

import pytest

from <<cookiecutter.package_name>>.evaluate.intervals import (
    Interval,
    Precision,
)
from <<cookiecutter.package_name>>.evaluate.several import (
    Figure,
    Pair,
    Ranking,
)
from <<cookiecutter.package_name>>.evaluate.significance import (
    Significance,
)
from <<cookiecutter.package_name>>.report.comparison import (
    p_text,
    page,
    table,
)

from .hostile import HOSTILE, Tags, assert_inert

PRECISION = Precision("day of departure", 31, 31.0, 3100, 20.0)


def pair(first: str, second: str, p_value: float | None) -> Pair:
    """Two models by one metric; ``p_value`` is adjusted already."""
    interval = Interval(-0.01, 0.03)
    test = Significance(0.0123456, interval, p_value, "" if p_value else "all rows are of one day")
    gains = {"roc_auc": Figure(0.0123456, interval)}
    tests, adjusted = {"sign-flip (roc_auc)": test}, {"sign-flip (roc_auc)": p_value}
    return Pair(first, second, gains, tests, adjusted, PRECISION, 2136)


def ranking(*p_values: float | None, names: tuple[str, ...] = ("a", "b", "c")) -> Ranking:
    """Models in order; p-values of the first beside each of the others."""
    names = names[: len(p_values) + 1]
    models = {name: {"roc_auc": Figure(0.8, Interval(0.7, 0.9))} for name in names}
    pairs = [pair(names[0], other, p) for other, p in zip(names[1:], p_values, strict=True)]
    return Ranking("roc_auc", 0.05, models, pairs)


@pytest.mark.parametrize(
    ("p_values", "title", "level"),
    [
        ((0.01,), "a is better than b", "good"),
        ((0.01, 0.001), "a is better than b and c", "good"),
        ((0.2,), "No difference shown between a and b", "odd"),
        ((0.2, 0.001), "a leads, but is not shown to be better than b", "odd"),
        ((0.2, 0.3), "a leads, but is not shown to be better than b and c", "odd"),
        ((None,), "No difference shown between a and b", "odd"),
    ],
)
def test_the_verdict_comes_first(
    p_values: tuple[float | None, ...], title: str, level: str
) -> None:
    several = ranking(*p_values)
    text = page("p", several)

    assert f"<h1>{title}</h1>" in text
    assert f'class="verdict {level}"' in text
    assert table(several).startswith(f"{title}\nBy roc_auc on 3,100 test rows of 31 days of")


def test_a_pair_that_shows_nothing_says_what_would_decide_or_why_not() -> None:
    assert "about 2,100 more days of departure would decide" in page("p", ranking(0.2))
    assert "would decide" not in page("p", ranking(0.01))
    assert "all rows are of one day" in page("p", ranking(None))
    assert "cannot be said" in table(ranking(None))


def test_the_table_has_a_line_for_each_model_and_test() -> None:
    lines = table(ranking(0.01, 0.00001)).splitlines()
    columns = [line.split() for line in lines]

    assert ["a", "0.8", "0.7", "to", "0.9"] in columns
    assert lines[-2].split()[-6:] == ["-0.01", "to", "+0.03", "0.0100", "0.0100", "better"]
    assert lines[-1].endswith("< 0.0001  better")


def test_a_figure_that_is_undefined_leaves_its_place_empty() -> None:
    nothing = Figure(None, Interval(reason="one class"))
    several = ranking(None)
    without = replace(
        several,
        models={name: {"roc_auc": nothing} for name in "ab"},
        pairs=[replace(several.pairs[0], gains={"roc_auc": nothing})],
    )

    assert "undefined" in page("p", without)
    assert "undefined" in table(without)


@pytest.mark.parametrize("evil", HOSTILE)
def test_nothing_from_a_name_runs(evil: str) -> None:
    text = page(evil, ranking(0.01, 0.2, names=(evil, "b", "c")))

    assert_inert(text)
    assert "b" in Tags(text).text


def test_a_p_value_is_never_shown_as_zero() -> None:
    assert [p_text(p) for p in (None, 0.0, 0.00009, 0.0001, 1.0)] == [
        "",
        "< 0.0001",
        "< 0.0001",
        "0.0001",
        "1.0000",
    ]
