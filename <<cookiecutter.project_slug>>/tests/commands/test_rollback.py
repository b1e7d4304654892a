import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hydra import compose, initialize_config_dir

from <<cookiecutter.package_name>>.commands.rollback import roll_back
from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.errors import ConfigError, ModelError
from <<cookiecutter.package_name>>.paths import LEDGER, REGISTRY
from <<cookiecutter.package_name>>.registry import versions
from <<cookiecutter.package_name>>.runtime import logs, tracking

from ..fixture import CONF
from ..models import model, spec

REQUIRED = ("gate.signing.required=true", "gate.signing.public_key=champion.pub")


def config(*overrides: str) -> Config:
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=["name=rides", *overrides]))


@pytest.fixture
def two_champions(rows: pl.DataFrame) -> list[Any]:
    """A registry in this folder in which version 2 followed version 1."""
    uri, registered = tracking.tracking_uri("sqlite", None), []
    with tracking.store(uri) as client:
        for strength in (1.0, 0.01):
            folder = Path("models/model")
            model(rows, spec(C=strength)).save(folder)
            tags = {"git_commit": f"{strength}", "data": "d"}
            version = versions.register(client, uri, "rides", model=folder, tags=tags)
            versions.promote(client, "rides", str(version.version))
            registered.append(version)
    return registered


def champion() -> str:
    with tracking.store(tracking.tracking_uri("sqlite", None)) as client:
        return str(versions.champion_of(client, "rides").version)


def test_the_champion_before_is_champion_again_and_the_ledger_says_why(
    two_champions: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(stage="rollback")  # to where capsys reads
    assert roll_back(config(), None, "it ignores the new station") == "1"

    assert champion() == "1"
    (line,) = LEDGER.read_text().splitlines()
    record = json.loads(line)
    assert record == json.loads(REGISTRY.read_text())
    kept = {key: record[key] for key in ("verdict", "reason", "version", "champion_before")}
    assert list(kept.values()) == ["rollback", "it ignores the new station", "1", "2"]
    hashes = {"model": two_champions[0].tags["sha256"], "data": "d", "config": None, "lock": None}
    assert record["hashes"] == hashes
    warned = "models/model is another model, and predictions come from it"
    assert warned in capsys.readouterr().err


@pytest.mark.usefixtures("two_champions")
@pytest.mark.parametrize(
    ("to", "why", "overrides", "error", "message"),
    [
        ("1", " ", (), ConfigError, "the ledger should say why"),
        ("1", "slow", ("tracking=none",), ConfigError, "tracking=none has no registry"),
        ("2", "slow", (), ModelError, "version 2 is the champion already"),
        ("9", "slow", (), ModelError, "has no version '9'"),
        ("1", "slow", REQUIRED, ModelError, "version 1 of rides is not signed"),
    ],
)
def test_what_cannot_be_rolled_back_is_refused_and_nothing_is_changed(
    to: str, why: str, overrides: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        roll_back(config(*overrides), to, why)

    assert champion() == "2"
    assert not LEDGER.exists()


def test_files_that_changed_are_no_champion(two_champions: list[Any]) -> None:
    stored = Path("mlruns", two_champions[0].run_id, "artifacts/model/model.skops")
    stored.write_text("another")

    with pytest.raises(ModelError, match="is not what was registered"):
        roll_back(config(), "1", "slow")
    assert champion() == "2"
