from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from <<cookiecutter.package_name>>.model.persistence import learned_keys

from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.evaluate.paired import Comparison
from <<cookiecutter.package_name>>.model.contract import infer_contract
from <<cookiecutter.package_name>>.model.training import ModelSpec, fit
from <<cookiecutter.package_name>>.registry.gate import Candidate, Decision, Rules, challenge, decide, unseen_by
from <<cookiecutter.package_name>>.split.features import features
from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.split.splits import Splits, SplitSpec, split

IGNORED = ["departure", "origin"]


def comparison(gain: float, p_value: float) -> Comparison:
    return Comparison("roc_auc", 0.7 + gain, 0.7, gain, gain - 0.01, gain + 0.01, p_value)


def dealt(rows: pl.DataFrame, seed: int = 1) -> Splits:
    return split(rows, SplitSpec("stratified", "late", "id", seed=seed), validation=0.1, test=0.2)


def trained(parts: Splits, *, ignore: tuple[str, ...] = ()) -> Candidate:
    x = features(parts.train, "late", "id", [*IGNORED, *ignore])
    fitted = fit(ModelSpec("logistic", {}, [], seed=1), x, parts.train["late"])
    contract = infer_contract(fitted, x, target="late", key="id", threshold=0.5)
    learned = digests(pl.concat([parts.train["id"], parts.validation["id"]]))
    return Candidate("version 1", fitted.pipeline, contract, learned)


def verdict(
    challenger: Candidate, champion: Candidate, rows: pl.DataFrame, min_rows: int = 50
) -> Decision:
    rules = Rules("roc_auc", min_rows, resamples=99, level=0.05, seed=1)
    return challenge(challenger, champion, rows, rules)


@pytest.mark.parametrize(
    ("compared", "better_than_dummy", "promoted"),
    [
        (None, True, True),
        (None, False, False),
        (comparison(0.05, 0.01), True, True),
        (comparison(0.05, 0.01), False, False),
        (comparison(0.05, 0.20), True, False),
        (comparison(0.0, 1.0), True, False),
        (comparison(-0.05, 0.01), True, False),
    ],
)
def test_only_a_significantly_better_model_becomes_champion(
    compared: Comparison | None, better_than_dummy: bool, promoted: bool
) -> None:
    decision = decide(compared, better_than_dummy=better_than_dummy, level=0.05)
    assert decision.promote is promoted


def test_a_better_model_is_promoted_and_a_worse_one_is_not(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    good, poor = trained(parts), trained(parts, ignore=("wind",))

    promoted, refused = verdict(good, poor, parts.test), verdict(poor, good, parts.test)
    assert promoted.promote
    assert promoted.rows == parts.test.height
    assert "better than the champion" in promoted.reason
    assert not refused.promote


def test_after_new_rows_no_test_row_had_trained_the_champion(rows: pl.DataFrame) -> None:
    champion, today = trained(dealt(rows.head(500))), dealt(rows)

    assert unseen_by(today.test["id"], champion).all()


def test_rows_that_either_learned_from_are_left_out(rows: pl.DataFrame) -> None:
    champion, today = trained(dealt(rows)), dealt(rows, seed=2)
    challenger = trained(today)
    unseen = today.test.filter(unseen_by(today.test["id"], challenger, champion))

    assert 0 < unseen.height < today.test.height / 2
    assert set(unseen["id"]) <= set(dealt(rows).test["id"])
    assert verdict(challenger, champion, today.test, min_rows=1).rows == unseen.height


def test_a_split_by_time_compares_on_the_newest_rows_only(rows: pl.DataFrame) -> None:
    by_time = SplitSpec("time", "late", "id", "departure")
    before, after = (split(r, by_time, validation=0.1, test=0.2) for r in (rows.head(540), rows))
    champion = trained(before)

    assert verdict(trained(after), champion, after.test).rows == after.test.height
    assert not unseen_by(after.train["id"], champion).all()


def test_too_few_unseen_rows_decide_nothing(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    good, poor = trained(parts), trained(parts, ignore=("wind",))
    decision = verdict(good, poor, parts.test, min_rows=1000)

    assert not decision.promote
    assert f"only {parts.test.height} of {parts.test.height} test rows" in decision.reason
    assert "gate.min_rows asks for 1000" in decision.reason


def test_unseen_rows_of_one_class_decide_nothing(rows: pl.DataFrame) -> None:
    parts = dealt(rows)
    good, poor = trained(parts), trained(parts, ignore=("wind",))
    decision = verdict(good, poor, parts.test.filter(pl.col("late") == 1), min_rows=1)

    assert not decision.promote
    assert "one class only" in decision.reason


@pytest.mark.parametrize(
    "change", [pl.DataFrame.drop, lambda rows, name: rows.with_columns(pl.lit("x").alias(name))]
)
def test_a_champion_that_cannot_answer_todays_rows_is_the_reason(
    rows: pl.DataFrame, change: object
) -> None:
    champion = trained(dealt(rows))
    today = dealt(change(rows, "seats"))  # type: ignore[operator]
    decision = verdict(trained(today, ignore=("seats",)), champion, today.test)

    assert not decision.promote
    assert "the champion (version 1) cannot answer" in decision.reason
    assert "seats" in decision.reason
    assert "gate.compare=false" in decision.reason


def test_a_challenger_that_cannot_answer_is_an_error(rows: pl.DataFrame) -> None:
    parts = dealt(rows)

    with pytest.raises(ModelError, match="seats"):
        verdict(trained(parts), trained(parts), parts.test.drop("seats"))


@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY\x01\x00"])
def test_a_model_that_does_not_say_what_it_learned_from_is_refused(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "learned_keys.npy").write_bytes(content)

    with pytest.raises(ModelError, match="does not say which rows"):
        learned_keys(tmp_path)


def test_the_same_key_is_known_by_any_type(rows: pl.DataFrame) -> None:
    champion = replace(trained(dealt(rows)), learned=digests(pl.Series([1, 2, 3])))

    assert unseen_by(pl.Series(["1", "2", "4"]), champion).to_list() == [False, False, True]
