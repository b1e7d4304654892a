import shutil
from pathlib import Path
from typing import Any

import pytest

from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.paths import MODEL
from <<cookiecutter.package_name>>.registry import versions
from <<cookiecutter.package_name>>.registry.gate import (
    Decision,
    Verdict,
)
from <<cookiecutter.package_name>>.registry.offers import (
    Offer,
    decide,
)

from .pairs import compared
from .released import LEARNED, config, registry, rows

BETTER = compared(0.2, 0.001)  # than a constant answer


@pytest.fixture(autouse=True)
def _released(released: Path, tmp_path: Path) -> None:
    """The same registry in this test's own folder; version 1 is champion."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    with registry() as client:
        client.set_registered_model_alias("rides", "champion", "1")


def offered(*overrides: str, constant: Any = BETTER, alone: bool = False) -> Decision:
    """What becomes of version 2."""
    with registry() as client:
        version = client.get_model_version("rides", "2")
        champion = None if alone else versions.champion_of(client, "rides")
        offer = Offer(MODEL, rows().slice(LEARNED), constant)
        decision = decide(config(*overrides), client, version, offer, champion)
        if decision.challenge:
            versions.record_challenge(client, "rides", decision.challenge)
    return decision


def test_a_better_model_is_promoted_and_each_condition_has_its_figures() -> None:
    decision = offered("+gate.floors={brier: 0.25}", "gate.latency_ms=1000")
    names = [one.name.split(" (")[0] for one in decision.conditions]

    assert decision.verdict is Verdict.PROMOTE
    expected = ["better than a constant answer", "better than the champion", "brier"]
    assert names == [*expected, "latency in ms a row"]
    assert all(one.holds for one in decision.conditions)
    assert "It reaches brier 0." in decision.reason


def test_a_better_model_that_misses_a_floor_is_no_champion() -> None:
    decision = offered("+gate.floors={brier: 0.01}")

    assert decision.verdict is Verdict.REJECT
    assert "it misses what is asked: brier 0." in decision.reason


def test_the_same_question_costs_once_and_another_one_again() -> None:
    first, again, other = offered(), offered(), offered("gate.margin=0.001")

    assert (first.challenge, first.challenge.before) == (again.challenge, 0)
    assert other.challenge.before == 1
    assert "1 challenge on these rows came before" in other.reason


def test_who_is_no_better_than_a_constant_answer_challenges_nobody() -> None:
    decision = offered(constant=compared(-0.01, 0.4))

    assert (decision.verdict, decision.challenge) == (Verdict.REJECT, None)


def test_without_a_champion_the_constant_answer_is_the_rival() -> None:
    for decision in (offered(alone=True), offered("gate.compare=false")):
        assert decision.verdict is Verdict.PROMOTE
        assert decision.challenge.rival == "constant"


def test_what_was_rolled_back_is_not_promoted_again() -> None:
    with registry() as client:
        client.set_model_version_tag("rides", "2", versions.ROLLED_BACK, "it is slow")
    decision = offered()

    assert decision.verdict is Verdict.REJECT
    assert "it was rolled back: it is slow. `make rollback TO=2`" in decision.reason


def test_the_champion_itself_is_held() -> None:
    with registry() as client:
        client.set_registered_model_alias("rides", "champion", "2")

    assert offered() == Decision(Verdict.HOLD, "it is the champion")


def test_an_unsigned_champion_is_refused_where_signatures_are_required() -> None:
    required = ("gate.signing.required=true", "gate.signing.public_key=champion.pub")

    with pytest.raises(ModelError, match="version 1 of rides is not signed"):
        offered(*required)
