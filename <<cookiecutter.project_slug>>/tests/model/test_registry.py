from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.evaluate.paired import Comparison, paired_bootstrap
from <<cookiecutter.package_name>>.model import registry
from <<cookiecutter.package_name>>.runtime import tracking

RNG = np.random.default_rng(0)
TRUTH = (RNG.random(1000) < 0.3).astype(float)
NOISE = RNG.normal(size=1000)
STRENGTH = {"weak": 0.5, "middle": 1.0, "strong": 2.0}
SCORES = {name: TRUTH * strength + NOISE for name, strength in STRENGTH.items()}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(tmp_path_factory.mktemp("a repository")))
        yield tracking.tracking_uri("sqlite", None)


@pytest.fixture(scope="module")
def client(uri: str) -> Iterator[Any]:
    with tracking.store(uri) as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return request.node.name


@pytest.fixture
def register(client: Any, uri: str, name: str, tmp_path: Path):
    def made(content: str) -> str:
        model, contract = tmp_path / content, tmp_path / "contract.json"
        model.mkdir(exist_ok=True)
        (model / "model.skops").write_text(content)
        contract.write_text("{}")
        return registry.register(
            client, uri, name, model=model, contract=contract, tags={"run_id": "r1"}
        )

    return made


def compare(challenger: str, champion: str) -> Comparison:
    return paired_bootstrap(
        "roc_auc",
        TRUTH,
        SCORES[challenger],
        SCORES[champion],
        threshold=0.5,
        resamples=200,
        level=0.05,
        seed=0,
    )


def decide(comparison: Comparison | None, *, better_than_dummy: bool = True) -> registry.Decision:
    return registry.decide(comparison, better_than_dummy=better_than_dummy, level=0.05)


def test_the_first_model_becomes_champion() -> None:
    assert decide(None).promote


def test_a_model_no_better_than_a_constant_answer_is_refused_even_without_a_champion() -> None:
    assert not decide(None, better_than_dummy=False).promote


@pytest.mark.parametrize(
    ("challenger", "champion", "promoted"),
    [("strong", "middle", True), ("middle", "middle", False), ("weak", "middle", False)],
)
def test_only_a_significantly_better_model_is_promoted(
    challenger: str, champion: str, promoted: bool
) -> None:
    decision = decide(compare(challenger, champion))
    assert decision.promote is promoted
    assert "roc_auc gain" in decision.reason


def test_a_better_score_within_chance_is_refused() -> None:
    lucky = SCORES["middle"] + RNG.normal(0, 0.01, 1000)
    args = {"threshold": 0.5, "resamples": 200, "level": 0.05, "seed": 0}
    comparisons = [
        paired_bootstrap("roc_auc", TRUTH, first, second, **args)
        for first, second in [(lucky, SCORES["middle"]), (SCORES["middle"], lucky)]
    ]
    assert not any(decide(comparison).promote for comparison in comparisons)


def test_without_a_promotion_there_is_no_champion(client: Any, name: str, register) -> None:
    assert registry.champion(client, name) is None
    register("a")
    assert registry.champion(client, name) is None


def test_the_same_model_twice_is_one_version(client: Any, name: str, register) -> None:
    assert [register(content) for content in ("a", "b", "a")] == ["1", "2", "1"]
    assert client.get_model_version_by_alias(name, "challenger").version in (1, "1")


def test_a_champion_is_fetched_as_it_was_registered(
    client: Any, name: str, register, tmp_path: Path
) -> None:
    registry.promote(client, name, register("a"))
    register("b")
    champion = registry.champion(client, name)
    folder = tmp_path / "fetched"
    folder.mkdir()
    model, contract = registry.fetch(client, champion, folder)
    assert (model / "model.skops").read_text() == "a"
    assert contract.read_text() == "{}"
    assert champion.tags["run_id"] == "r1"


def test_the_champion_moves_when_another_is_promoted(client: Any, name: str, register) -> None:
    for content in ("a", "b"):
        registry.promote(client, name, register(content))
    assert str(registry.champion(client, name).version) == "2"


def test_a_champion_whose_files_changed_is_refused(
    client: Any, name: str, register, tmp_path: Path
) -> None:
    registry.promote(client, name, register("a"))
    champion = registry.champion(client, name)
    stored = tracking.root() / "mlruns" / champion.run_id / "artifacts/model/model.skops"
    stored.write_text("another")
    with pytest.raises(ModelError, match="is not what was registered"):
        registry.fetch(client, champion, tmp_path)
