import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.config.tune import (
    Dimension,
    Named,
)
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
    PipelineError,
    ResourceError,
)
from <<cookiecutter.package_name>>.model.metric import metric
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.target import Target
from <<cookiecutter.package_name>>.tune.search import search

from ..models import SEATS, WIND, spec
from .problems import FOLDER, RANDOM, C, problem, searched, tune


@pytest.mark.parametrize("storage", ["sqlite", "journal"])
def test_the_number_of_trials_is_a_total_and_a_second_search_goes_on(
    rows: pl.DataFrame, storage: str
) -> None:
    first = searched(rows, trials=2, storage=storage)
    more = searched(rows, trials=3, storage=storage)
    again = searched(rows, trials=3, storage=storage)

    assert [t.values for t in more.trials[:2]] == [t.values for t in first.trials]
    assert [trial.number for trial in again.trials] == [0, 1, 2]
    assert 0.01 <= again.params["C"] <= 10


@pytest.mark.parametrize(
    ("target", "name", "model", "space"),
    [
        (SEATS, "f1_macro", spec("logistic"), C),
        (WIND, "mean_absolute_error", spec("ridge"), {"alpha": Dimension(low=0.1, high=9.0)}),
    ],
)
def test_a_search_takes_any_metric_of_its_task(
    rows: pl.DataFrame, target: Target, name: str, model: ModelSpec, space: dict[str, Dimension]
) -> None:
    asked = problem(rows, METRICS[name], target=target, model=model)
    result = search(asked, tune(space, estimator=model.estimator), FOLDER)

    values = [trial.values[name] for trial in result.trials]
    best = max(values) if METRICS[name].greater_is_better else min(values)
    assert result.best is not None
    assert result.best.values == {name: best}


@metric(needs="probabilities", tasks=["binary"], greater_is_better=False)
def doubt(*given: Any) -> float:
    return float(np.abs(given[-1].outputs[:, 1] - 0.5).mean())  # least where C is small


def test_an_own_metric_decides_a_search(rows: pl.DataFrame) -> None:
    space = {"C": Dimension(choices=[1e-4, 10.0])}

    assert search(problem(rows, doubt), tune(space, 4), FOLDER).params == {"C": 1e-4}


def test_an_own_metric_that_raises_ends_the_search_with_its_name(rows: pl.DataFrame) -> None:
    @metric(needs="probabilities", tasks=["binary"], greater_is_better=True)
    def broken(*given: Any) -> float:
        raise KeyError(given)

    with pytest.raises(ModelError, match="the metric broken failed with KeyError"):
        search(problem(rows, broken), tune(C, 4), FOLDER)


def test_a_trial_whose_metric_is_no_number_has_failed_with_that_reason(rows: pl.DataFrame) -> None:
    @metric(needs="probabilities", tasks=["binary"], greater_is_better=True)
    def sometimes(*given: Any) -> float:
        return float("nan") if given[-1].outputs[:, 1].std() > 0.1 else 1.0

    space = {"C": Dimension(choices=[1e-4, 10.0])}
    result = search(problem(rows, sometimes), tune(space, 2, sampler=Named("grid")), FOLDER)

    assert {trial.reason for trial in result.trials} == {None, "the metric sometimes is nan"}
    assert result.params == {"C": 1e-4}


def test_a_grid_tries_each_point_once_and_leaves_out_what_does_not_apply(
    rows: pl.DataFrame,
) -> None:
    space = {
        "l1_ratio": Dimension(choices=[0.0, 1.0], when={"solver": "saga"}),
        "solver": Dimension(choices=["lbfgs", "saga"]),
    }
    result = searched(rows, space, trials=50, sampler=Named("grid"))

    assert [trial.params for trial in result.trials] == [
        {"solver": "lbfgs"},
        {"solver": "saga", "l1_ratio": 0.0},
        {"solver": "saga", "l1_ratio": 1.0},
    ]


def test_a_parameter_is_drawn_only_where_its_condition_holds(rows: pl.DataFrame) -> None:
    space = {
        "tol": Dimension(low=0.001, high=0.1, when={"solver": "saga"}),
        "solver": Dimension(choices=["lbfgs", "saga"]),
    }
    tried = [trial.params for trial in searched(rows, space, 8, sampler=RANDOM).trials]

    assert {(one["solver"], "tol" in one) for one in tried} == {("saga", True), ("lbfgs", False)}


def test_of_several_objectives_the_first_decides_give_or_take_the_tolerance(
    rows: pl.DataFrame,
) -> None:
    space = {"C": Dimension(low=1e-4, high=10.0, log=True)}
    asked = problem(rows, METRICS["roc_auc"], METRICS["log_loss"])
    names = ["roc_auc", "log_loss"]
    strict, loose = (
        search(
            asked,
            tune(space, 8, sampler=RANDOM, objectives=names, tolerance=tolerance),
            FOLDER,
        )
        for tolerance in (0.0, 1.0)
    )

    assert strict.best.values["roc_auc"] == max(t.values["roc_auc"] for t in strict.trials)
    assert loose.best.values["log_loss"] == min(t.values["log_loss"] for t in loose.trials)
    assert strict.best.on_front
    assert loose.best.on_front


def test_a_pruner_ends_trials_between_folds_and_they_count(rows: pl.DataFrame) -> None:
    asked = problem(rows, number=3)
    space = {"C": Dimension(low=1e-7, high=10.0, log=True)}
    always = Named("optuna.pruners.ThresholdPruner", {"lower": 0.9999})
    never = Named("optuna.pruners.ThresholdPruner", {"lower": 0.0})
    with pytest.raises(ModelError, match="it was pruned"):
        search(asked, tune(space, 2, pruner=always), FOLDER)
    result = search(asked, tune(space, 3, pruner=never), FOLDER)

    assert [trial.state for trial in result.trials] == ["pruned", "pruned", "complete"]


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"space": {}}, ConfigError, r"tune\.space has no entry for 'logistic'"),
        ({"space": {"depht": Dimension(low=1.0, high=2.0)}}, ConfigError, "no parameter depht; it"),
        ({"space": {"C": Dimension(low=-2.0, high=-1.0)}}, ModelError, "no trial of logistic .*C"),
        ({"sampler": Named("lucky")}, ConfigError, "'lucky'; allowed are tpe, random"),
        ({"sampler": Named("builtins.print")}, ConfigError, "extends optuna's BaseSampler"),
        ({"sampler": Named("tpe", {"no": 1})}, ConfigError, "tune.sampler: TPESampler cannot"),
        ({"sampler": Named("grid")}, ConfigError, "grid, but C may be any number"),
        ({"pruner": Named("lucky")}, ConfigError, "'lucky'; allowed are none, median"),
        ({"timeout_s": 1e-9}, ModelError, "within tune.timeout_s"),
    ],
)
def test_what_cannot_be_searched_is_one_error(
    rows: pl.DataFrame, settings: dict[str, Any], kind: type[PipelineError], message: str
) -> None:
    chosen = tune(settings.pop("space", C))
    for name, value in settings.items():
        setattr(chosen, name, value)
    with pytest.raises(kind, match=message):
        search(problem(rows), chosen, FOLDER)


@pytest.mark.parametrize("file", ["study.db", "study.journal"])
def test_a_broken_study_is_one_error(rows: pl.DataFrame, file: str) -> None:
    FOLDER.mkdir()
    (FOLDER / file).write_text("no study, but a text of some length\n" * 200)
    storage = "sqlite" if file.endswith("db") else "journal"
    with pytest.raises(ResourceError, match=rf"{file} cannot be used"):
        searched(rows, storage=storage)


def test_a_second_search_for_the_same_waits_and_runs_no_trial_again(rows: pl.DataFrame) -> None:
    with ThreadPoolExecutor(2) as threads:
        results = [threads.submit(searched, rows, trials=3) for _ in range(2)]
    first, second = (result.result() for result in results)

    assert first == second
    assert len(first.trials) == 3


def test_trials_in_another_kind_of_storage_are_said_to_be_unread(
    rows: pl.DataFrame,
) -> None:
    searched(rows)
    with capture_logs() as logged:
        searched(rows, storage="journal")

    assert [line["unread"] for line in logged if "unread" in line] == ["study.db"]


def test_a_journal_whose_last_line_was_cut_off_is_gone_on_with(rows: pl.DataFrame) -> None:
    first = searched(rows, storage="journal")
    with (FOLDER / "study.journal").open("a") as journal:
        journal.write('{"op_code":4,"worker_id":"')
    result = searched(rows, trials=3, storage="journal")

    assert [t.values for t in result.trials[:2]] == [t.values for t in first.trials]
    assert len(result.trials) == 3


def test_another_question_is_another_study(rows: pl.DataFrame) -> None:
    asked, validated = problem(rows), problem(rows, with_held_out=True)
    others = [
        asked.question({}, ""),
        asked.question(C, "other code"),
        problem(rows, METRICS["log_loss"]).question(C, ""),
        problem(rows, number=3).question(C, ""),
        problem(rows.with_columns(pl.col("wind") + 1)).question(C, ""),
        problem(rows, model=spec("logistic", C=2.0)).question(C, ""),
        validated.question(C, ""),
        replace(validated, held_out=None).question(C, ""),
    ]

    assert problem(rows).question(C, "") == asked.question(C, "")
    assert len({asked.question(C, ""), *others}) == 9


def test_a_closed_study_is_one_file(rows: pl.DataFrame) -> None:
    searched(rows)

    assert [file.name for file in FOLDER.glob("[!.]*")] == ["study.db"]
    assert sqlite3.connect(FOLDER / "study.db").execute("SELECT count(*) FROM trials").fetchone()[0]
