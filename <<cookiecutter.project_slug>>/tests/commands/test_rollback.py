import json
import shutil
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.commands.rollback import roll_back
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.paths import LEDGER, REGISTRY
from <<cookiecutter.package_name>>.registry import versions
from <<cookiecutter.package_name>>.runtime import logs

from ..registry.released import FELL_BACK, config, registry

REQUIRED = ("gate.signing.required=true", "gate.signing.public_key=champion.pub")


@pytest.fixture(autouse=True)
def _released(released: Path, tmp_path: Path) -> None:
    """The same registry in this test's own folder."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)


def champion() -> str:
    with registry() as client:
        return str(versions.champion_of(client, "rides").version)


def test_the_champion_before_is_champion_again_and_the_ledger_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(stage="rollback")  # to where capsys reads
    assert roll_back(config(), None, "it ignores the new station") == "1"

    assert champion() == "1"
    (line,) = LEDGER.read_text().splitlines()
    record = json.loads(line)
    assert record == json.loads(REGISTRY.read_text())
    kept = {key: record[key] for key in ("verdict", "reason", "version", "champion_before")}
    assert list(kept.values()) == ["rollback", "it ignores the new station", "1", "2"]
    assert record["fell_back"] == FELL_BACK
    with registry() as client:
        digest = client.get_model_version("rides", "1").tags["sha256"]
    unknown = dict.fromkeys(("validation", "config", "lock"))
    assert record["hashes"] == {"model": digest, "train": "t", **unknown}
    warned = "models/model is another model, and predictions come from it"
    assert warned in capsys.readouterr().err


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


def test_files_that_changed_are_no_champion() -> None:
    with registry() as client:
        run = client.get_model_version("rides", "1").run_id
    Path("mlruns", run, "artifacts/model/model.skops").write_text("another")

    with pytest.raises(ModelError, match="is not what was registered"):
        roll_back(config(), "1", "slow")
    assert champion() == "2"
