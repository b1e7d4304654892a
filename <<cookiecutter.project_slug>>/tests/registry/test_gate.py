import json
import re
from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score

from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.registry.gate import (
    Candidate,
    Verdict,
    unseen_by,
)
from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.split.splits import (
    SplitSpec,
    split,
)
from <<cookiecutter.package_name>>.split.target import Target, Task

from ..models import LATE, SEATS, WIND
from .pairs import changed, dealt, trained, verdict

HOLD, PROMOTE, REJECT = Verdict.HOLD, Verdict.PROMOTE, Verdict.REJECT


def test_a_better_model_is_promoted_and_a_worse_one_is_rejected(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    good, poor = trained(parts), trained(parts, without="wind")

    promoted, refused = verdict(good, poor, parts.test), verdict(poor, good, parts.test)
    assert promoted.verdict is PROMOTE
    assert promoted.rows == parts.test.height
    assert promoted.units == parts.test["departure"].dt.date().n_unique()
    assert "it is better than the champion (version 1): brier gain +" in promoted.reason
    assert "days of departure" in promoted.reason
    assert refused.verdict is REJECT
    assert "it is worse than the champion (version 1)" in refused.reason


def test_a_gain_that_may_be_chance_is_held_with_how_much_more_would_decide(
    rows: pl.DataFrame,
) -> None:
    parts = dealt(rows)
    one, other = trained(parts), trained(parts, without="departure")
    both = [verdict(one, other, parts.test), verdict(other, one, parts.test)]

    assert {decision.verdict for decision in both} == {HOLD, REJECT}
    (held,) = (decision for decision in both if decision.verdict is HOLD)
    assert "more days of departure would decide" in held.reason
    assert held.comparison.more_units > 0


def test_a_decision_can_be_written_down(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    decision = verdict(trained(parts), trained(parts, without="wind"), parts.test)

    written = json.loads(json.dumps(asdict(decision), allow_nan=False))
    assert written["verdict"] == "promote"
    assert written["comparison"]["precision"]["unit"] == "day of departure"


@pytest.mark.parametrize(
    ("target", "without", "metric"),
    [(SEATS, "late", "brier"), (WIND, "late", "root_mean_squared_error")],
    ids=["multiclass", "regression"],
)
def test_models_of_any_task_are_compared(
    rows: pl.DataFrame, target: Target, without: str, metric: str
) -> None:
    parts = dealt(rows)
    pair = trained(parts, target, without=without), trained(parts, target)
    decision = verdict(*pair, parts.test, metric=metric)

    assert decision.comparison is not None
    assert decision.comparison.metric == metric
    assert decision.comparison.p_value is not None


def test_after_new_rows_no_test_row_had_trained_the_champion(rows: pl.DataFrame) -> None:
    champion, today = trained(dealt(rows.head(500))), dealt(rows)

    assert unseen_by(today.test["id"], champion).all()


def test_rows_that_either_learned_from_are_left_out(rows: pl.DataFrame) -> None:
    champion, today = trained(dealt(rows)), dealt(rows, seed=2)
    challenger = trained(today)
    unseen = today.test.filter(unseen_by(today.test["id"], challenger, champion))

    assert 0 < unseen.height < today.test.height / 2
    assert set(unseen["id"]) <= set(dealt(rows).test["id"])
    decision = verdict(challenger, champion, today.test, min_rows=1)
    assert decision.rows == unseen.height
    assert decision.units == unseen["departure"].dt.date().n_unique()


def test_a_split_by_time_compares_on_the_newest_rows_only(rows: pl.DataFrame) -> None:
    by_time = SplitSpec("time", LATE, "id", "departure")
    before, after = (split(r, by_time, validation=0.1, test=0.2) for r in (rows.head(540), rows))
    champion = trained(before)

    assert verdict(trained(after), champion, after.test).rows == after.test.height
    assert not unseen_by(after.train["id"], champion).all()


@pytest.mark.parametrize(
    ("kept", "min_rows", "reason"),
    [
        (
            pl.col("id") >= 0,
            1000,
            "only {n} of {n} test rows are unknown .*min_rows asks for 1,000",
        ),
        (pl.col("id") < 0, 1, "only 0 of 0 test rows are unknown .*gate.min_rows asks for 1"),
        (pl.col("late") == 1, 1, "{n} of {n} test rows .*, and they hold one class only"),
        (pl.col("id") < 24, 1, "{n} of {n} test rows .*, and they are all of one day of departure"),
    ],
    ids=["too few", "none", "one class", "one day"],
)
def test_rows_that_can_decide_nothing_hold_the_challenger(
    rows: pl.DataFrame, kept: pl.Expr, min_rows: int, reason: str
) -> None:
    parts = dealt(rows.with_columns(late=pl.when(pl.col("id") == 3).then(1).otherwise("late")))
    good, poor = trained(parts), trained(parts, without="wind")
    some = parts.test.filter(kept)
    decision = verdict(good, poor, some, min_rows=min_rows)

    assert decision.verdict is HOLD
    assert (decision.rows, decision.comparison) == (some.height, None)
    assert re.search(reason.format(n=some.height) + r"\. Wait for new rows", decision.reason)


def test_few_days_promote_nobody(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    good, poor = trained(parts), trained(parts, without="wind")
    decision = verdict(good, poor, parts.test.filter(pl.col("id") < 24 * 4), min_rows=1)

    assert (decision.verdict, decision.units) == (HOLD, 4)
    assert decision.comparison.gain > 0


@pytest.mark.parametrize(
    "change", [pl.DataFrame.drop, lambda rows, name: rows.with_columns(pl.lit("x").alias(name))]
)
def test_a_champion_that_cannot_answer_todays_rows_holds_the_challenger(
    rows: pl.DataFrame, change: object
) -> None:
    champion = trained(dealt(rows))
    today = dealt(change(rows, "seats"))  # type: ignore[operator]
    without = "seats" if "seats" in today.train.columns else "origin"
    decision = verdict(trained(today, without=without), champion, today.test)

    assert decision.verdict is HOLD
    assert "the champion (version 1) cannot answer" in decision.reason
    assert "seats" in decision.reason
    assert "gate.compare=false" in decision.reason


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        ({"key": "flight"}, "rows named by 'flight', today they are named by 'id'"),
        ({"target": replace(LATE, column="delay")}, "has delay as column of its target"),
        ({"target": WIND}, "has wind as column of its target, the challenger late"),
        ({"target": replace(LATE, task=Task.MULTICLASS)}, "has multiclass as task of its target"),
        ({"target": replace(LATE, classes=(0, 2))}, "knows the classes 0, 2, the challenger 0, 1"),
    ],
)
def test_a_champion_of_another_target_holds_the_challenger(
    rows: pl.DataFrame, contract: dict[str, object], reason: str
) -> None:
    parts = dealt(rows)
    decision = verdict(trained(parts), changed(trained(parts), **contract), parts.test)

    assert decision.verdict is HOLD
    assert reason in decision.reason
    assert "gate.compare=false" in decision.reason


class Turned:
    """A predictor with the order of two classes turned round."""

    def __init__(self, predictor: object) -> None:
        self.predictor = predictor

    def predict(self, x: pl.DataFrame) -> np.ndarray:
        return self.predictor.predict(x)[:, ::-1]


def accuracy_of(learner: Model, rows: pl.DataFrame) -> float:
    return accuracy_score(rows["late"], learner.predict(rows)["prediction"])


def test_each_answers_by_its_own_threshold_and_in_the_challengers_order_of_classes(
    rows: pl.DataFrame,
) -> None:
    parts = dealt(rows)
    challenger = changed(trained(parts), threshold=0.4)
    flipped = Turned(challenger.model.predictor)
    early = replace(LATE, classes=(1, 0))  # the positive class is that of the rows in time
    champion = changed(challenger, target=early, threshold=0.6)
    champion = replace(champion, model=replace(champion.model, predictor=flipped))

    for metric in ("accuracy", "brier"):
        same = verdict(challenger, champion, parts.test, metric=metric)
        assert (same.verdict, same.comparison.gain) == (REJECT, 0)
    other = verdict(challenger, changed(champion, threshold=0.01), parts.test, metric="accuracy")
    assert other.comparison.first == accuracy_of(challenger.model, parts.test)
    assert other.comparison.second != other.comparison.first


def test_a_challenger_that_cannot_answer_is_rejected(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    decision = verdict(trained(parts), trained(parts), parts.test.drop("seats"))

    assert decision.verdict is REJECT
    assert "it cannot answer its own test rows" in decision.reason
    assert "seats" in decision.reason


def test_a_challenger_that_knows_not_all_that_came_true_is_rejected(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    decision = verdict(trained(parts), trained(parts), parts.test.with_columns(late=2))

    assert decision.verdict is REJECT
    assert "'late'" in decision.reason


def test_the_same_key_is_known_by_any_type(rows: pl.DataFrame) -> None:
    learner = trained(dealt(rows)).model
    champion = Candidate("version 1", replace(learner, learned_keys=digests(pl.Series([1, 2, 3]))))

    assert unseen_by(pl.Series(["1", "2", "4"]), champion).to_list() == [False, False, True]
