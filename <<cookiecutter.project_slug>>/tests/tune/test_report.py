import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.tune import Dimension
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.tune.report import (
    history,
    importance,
    ranked,
    report,
)
from <<cookiecutter.package_name>>.tune.results import Search
from <<cookiecutter.package_name>>.tune.search import search
from <<cookiecutter.package_name>>.tune.space import edge_warnings

from .problems import FOLDER, RANDOM, problem, tune

LOSS = METRICS["log_loss"]
SPACE = {
    "C": Dimension(low=1e-5, high=0.01, log=True),
    "intercept_scaling": Dimension(low=1.0, high=2.0),  # of no effect
}


@pytest.fixture
def result(rows: pl.DataFrame) -> Search:
    """A search of which the best ``C`` would lie beyond its range, by a metric that is a loss."""
    return search(problem(rows, LOSS), tune(SPACE, 12, sampler=RANDOM), FOLDER)


def test_what_a_search_found_is_told_in_rows_and_numbers(result: Search) -> None:
    about, rows, order = (
        report(result, "logistic", SPACE),
        history(result, LOSS),
        ranked(result, LOSS),
    )
    values = [trial.values["log_loss"] for trial in order]

    assert about["trials"] == {"complete": 12, "pruned": 0, "fail": 0}
    assert about["best"]["params"] == order[0].params == result.params
    assert values == sorted(values)
    assert [row["best"] for row in rows] == sorted((row["best"] for row in rows), reverse=True)
    assert rows[-1]["best"] == values[0]
    assert result.importance["C"] > 0.7
    assert importance(result)[0] == {"parameter": "C", "share": result.importance["C"]}


@pytest.mark.parametrize(
    ("value", "end"),
    [(1.0, "low"), (1.1, "low"), (2.0, None), (50.0, None), (99.0, "high"), (100.0, "high")],
)
def test_a_best_point_at_the_edge_of_its_range_is_a_warning(value: float, end: str | None) -> None:
    space = {"a": Dimension(low=1.0, high=100.0, log=True), "b": Dimension(choices=[value])}
    warnings = edge_warnings("forest", space, {"a": value, "b": value})

    assert len(warnings) == (end is not None)
    assert all(f"move tune.space.forest.a.{end} and search again" in one for one in warnings)
