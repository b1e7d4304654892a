from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ModelError,
    ResourceError,
)
from <<cookiecutter.package_name>>.registry import (
    versions as registry,
)
from <<cookiecutter.package_name>>.registry.budget import (
    challenge_on,
)
from <<cookiecutter.package_name>>.runtime import tracking


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a repository")


@pytest.fixture(autouse=True)
def uri(repository: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DVC_ROOT", str(repository))
    return tracking.tracking_uri("sqlite", None)


@pytest.fixture
def client(uri: str) -> Iterator[Any]:
    with tracking.store(uri) as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return request.node.name


@pytest.fixture
def register(client: Any, uri: str, name: str, tmp_path: Path):
    def made(content: str) -> str:
        model = tmp_path / content
        model.mkdir(exist_ok=True)
        (model / "model.skops").write_text(content)
        version = registry.register(client, uri, name, model=model, tags={"run_id": "r1"})
        return str(version.version)

    return made


def test_without_a_promotion_there_is_no_champion(client: Any, name: str, register) -> None:
    assert registry.champion_of(client, name) is None
    register("a")
    assert registry.champion_of(client, name) is None


def test_the_same_model_twice_is_one_version(client: Any, name: str, register) -> None:
    assert [register(content) for content in ("a", "b", "a")] == ["1", "2", "1"]
    assert client.get_model_version_by_alias(name, "challenger").version in (1, "1")


def test_a_champion_is_fetched_as_it_was_registered(
    client: Any, name: str, register, tmp_path: Path
) -> None:
    registry.promote(client, name, register("a"))
    register("b")
    champion = registry.champion_of(client, name)
    folder = tmp_path / "fetched"
    folder.mkdir()
    model = registry.fetch(client, champion, folder)
    assert (model / "model.skops").read_text() == "a"
    assert champion.tags["run_id"] == "r1"


def test_the_champion_moves_when_another_is_promoted(client: Any, name: str, register) -> None:
    for content in ("a", "b"):
        registry.promote(client, name, register(content))
    assert str(registry.champion_of(client, name).version) == "2"


def test_a_champion_whose_files_changed_is_refused(
    client: Any, name: str, register, tmp_path: Path, repository: Path
) -> None:
    registry.promote(client, name, register("a"))
    champion = registry.champion_of(client, name)
    stored = repository / "mlruns" / champion.run_id / "artifacts/model/model.skops"
    stored.write_text("another")
    with pytest.raises(ModelError, match="is not what was registered"):
        registry.fetch(client, champion, tmp_path)


@pytest.mark.parametrize(
    "called", ["O'Hare delays", 'say "hello"', "Zürich 東京 %41", ".hidden", "a\\b"]
)
def test_a_name_that_the_configuration_accepts_is_registered(
    client: Any, uri: str, called: str, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.skops").write_text(called)
    assert registry.champion_of(client, called) is None
    for _ in range(2):
        version = registry.register(client, uri, called, model=model, tags={}).version
    registry.promote(client, called, str(version))
    assert str(registry.champion_of(client, called).version) == str(version) == "1"


def test_a_champion_whose_alias_was_taken_away_is_no_lost_store(
    client: Any, name: str, register, repository: Path
) -> None:
    version = register("a")
    record = repository / "reports/registry.json"
    record.parent.mkdir()
    record.write_text('{"champion": "1"}')
    try:
        assert registry.champion_of(client, name) is None
        assert register("b") != version
        with pytest.raises(ResourceError, match="holds no version 1 of 'other'"):
            registry.champion_of(client, "other")
    finally:
        record.unlink()
        record.parent.rmdir()


def champion(client: Any, name: str) -> str:
    return str(registry.champion_of(client, name).version)


def test_a_rollback_goes_back_one_champion_at_a_time(client: Any, name: str, register) -> None:
    for content in ("a", "b", "c"):
        registry.promote(client, name, register(content))
    assert registry.champions(client, name) == ["1", "2", "3"]

    for expected in ("2", "1"):
        registry.roll_back(client, name, registry.champion_before(client, name), "it is slow")
        assert champion(client, name) == expected
    with pytest.raises(ModelError, match=r"no champion before this one .*: version 1 is the first"):
        registry.champion_before(client, name)


def test_what_was_rolled_back_is_no_champion_before_the_next_one(
    client: Any, name: str, register
) -> None:
    for content in ("a", "b"):
        registry.promote(client, name, register(content))
    registry.roll_back(client, name, "1", "it is slow")
    registry.promote(client, name, register("c"))

    assert registry.champion_before(client, name) == "1"
    assert client.get_model_version(name, "2").tags[registry.ROLLED_BACK] == "it is slow"
    registry.roll_back(client, name, "2", "the new one is slower")
    assert registry.champions(client, name) == ["1", "2"]
    assert registry.ROLLED_BACK not in client.get_model_version(name, "2").tags


def test_a_rollback_can_be_undone(client: Any, name: str, register) -> None:
    for content in ("a", "b"):
        registry.promote(client, name, register(content))
    for version in ("1", "2"):
        registry.roll_back(client, name, version, "on second thoughts")

    assert champion(client, name) == "2"
    assert registry.champion_before(client, name) == "1"
    for version in ("1", "2"):
        assert registry.ROLLED_BACK not in client.get_model_version(name, version).tags


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("2", "version 2 is the champion already"),
        ("3", "version 3 never was champion, .* led to today's: 1, 2"),
        ("7", "has no version '7'"),
        ("x", "has no version 'x'"),
    ],
    ids=["champion", "challenger", "unknown", "no number"],
)
def test_a_version_that_cannot_be_brought_back_is_refused(
    client: Any, name: str, register, version: str, message: str
) -> None:
    for content in ("a", "b"):
        registry.promote(client, name, register(content))
    register("c")

    with pytest.raises(ModelError, match=message):
        registry.former_champion(client, name, version)
    assert registry.former_champion(client, name, "1").tags["run_id"] == "r1"


def test_a_champion_of_a_registry_that_kept_no_list_is_known(
    client: Any, name: str, register
) -> None:
    client.set_registered_model_alias(name, "champion", register("a"))
    registry.promote(client, name, register("b"))

    assert registry.champion_before(client, name) == "1"


def test_challenges_are_kept_and_the_same_one_once(client: Any, name: str, register) -> None:
    assert registry.challenges(client, name) == []
    register("a")
    for asked in ("version 1", "version 2", "version 1"):
        earlier = registry.challenges(client, name)
        look = challenge_on(pl.Series(range(900)), "champion", [asked], earlier)
        registry.record_challenge(client, name, look)

    assert sorted(one.before for one in registry.challenges(client, name)) == [0, 1]
