"""The model of the workspace beside that of a revision, on rows that neither learned from."""

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from <<cookiecutter.package_name>>.commands import propose
from <<cookiecutter.package_name>>.config import Config, load, read
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.evaluate.assessment import (
    assess,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import metrics
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.paths import (
    METRICS,
    MODEL,
    PARAMS,
    PROPOSAL,
    PROPOSAL_PAGE,
    TEST,
    TRAIN,
    VALIDATION,
)
from <<cookiecutter.package_name>>.registry.gate import Candidate
from <<cookiecutter.package_name>>.registry.offers import units_of
from <<cookiecutter.package_name>>.report.proposal import page
from <<cookiecutter.package_name>>.split.keys import digests

from ..conftest import commit, copy_of, run
from ..fixture import CONF, rides
from ..models import LATE, model, spec
from ..registry.pairs import dealt

pytestmark = pytest.mark.pipeline
OWN = ("name=rides", "data.key=id", "data.time=departure", "evaluate.metrics=[roc_auc, brier]")
COLUMNS = ("wind", "distance", "temperature")
STAGE = "stages:\n  train:\n    cmd: python -V\n    outs: [models/model]\n"
WITHOUT = {"good": (), "alike": ("temperature",), "poor": ("distance", "wind"), "seen": ()}


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with branches of which dvc.lock names a model, and `main`, which has none."""
    folder = tmp_path_factory.mktemp("offered") / "a copy"
    folder.mkdir()
    with contextlib.chdir(folder):
        commit(folder, "init", "--quiet", "--initial-branch=main")
        run(folder, "dvc", "init", "--quiet")
        Path("dvc.yaml").write_text(STAGE)
        Path(".gitignore").write_text("data\nmodels\nreports\nothers\nparams.yaml\n")
        _split()
        _configured()
        commit(folder, "add", "--all")
        commit(folder, "commit", "--quiet", "--message", "start")
        for name in ("alike", "poor", "seen"):
            _model(name).save(MODEL)
            shutil.copytree(MODEL, f"others/{name}")
            run(folder, "dvc", "commit", "--quiet", "--force", "train")
            commit(folder, "switch", "--quiet", "--create", name, "main")
            commit(folder, "add", "--all")
            commit(folder, "commit", "--quiet", "--message", name)
            commit(folder, "switch", "--quiet", "main")
        _model("good").save(Path("others/good"))
    return folder


def _split() -> None:
    rows = rides().select("late", *COLUMNS, id="ride", departure="start", origin="station")
    rows = rows.with_columns(pl.col("temperature").fill_null(0.0))
    for file, part in zip((TRAIN, VALIDATION, TEST), dealt(rows).named().values(), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_parquet(file)


def _configured(*overrides: str) -> None:
    with initialize_config_dir(str(CONF)):
        OmegaConf.save(compose("config", overrides=[*OWN, *overrides]), PARAMS)


def _model(name: str) -> Model:
    """A model that does not know some columns; ``seen`` learned from the test rows, too."""
    train, validation, test = (pl.read_parquet(file) for file in (TRAIN, VALIDATION, TEST))
    learned = [train["id"], validation["id"], *([test["id"]] if name == "seen" else [])]
    learner = model(train.drop(WITHOUT[name]), spec(), LATE)
    return replace(learner, learned_keys=digests(pl.concat(learned)))


@pytest.fixture(autouse=True)
def _inside(offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy_of(offered, tmp_path / "a copy"))


def config() -> Config:
    return load(read(str(PARAMS)))


def proposed(name: str, against: str) -> dict[str, Any]:
    """What is proposed of a model in the workspace, and its page."""
    shutil.rmtree(MODEL, ignore_errors=True)
    shutil.copytree(f"others/{name}", MODEL)
    here, settings, rows = Model.load(MODEL), config(), pl.read_parquet(TEST)
    truth, said = here.contract.truth(rows), Predictions.of(here, rows)
    drawn = {"units": units_of(settings, rows), "resamples": 50, "level": 0.05, "seed": 1}
    wanted = metrics(settings.evaluate.metrics, LATE)
    METRICS.parent.mkdir(exist_ok=True)
    METRICS.write_text(json.dumps(assess(wanted, LATE, truth, said, 0.5, **drawn)))
    return propose.propose(settings, against)


def test_a_better_model_is_proposed_with_what_it_rests_on() -> None:
    proposal = proposed("good", "poor")
    text, test = page("rides", proposal), pl.read_parquet(TEST)
    gain = proposal["metrics"]["roc_auc"]["gain"]

    assert (proposal["verdict"], proposal["first"]) == ("promote", False)
    assert "it is better than the champion (poor): roc_auc gain +" in proposal["reason"]
    assert proposal["rows"] == proposal["tested_on"]["rows"] == test.height
    assert proposal["units"] == test["departure"].dt.date().n_unique()
    assert 0 < gain["interval"]["low"] < gain["value"] < gain["interval"]["high"]
    assert proposal["metrics"]["brier"]["gain"]["value"] > 0  # where lower is better
    assert proposal["tests"].keys() == {
        *("sign-flip (roc_auc)", "McNemar (accuracy)", "DeLong (roc_auc)")
    }
    assert proposal["learned_from"]["champion"]["rows"] > 2000
    assert proposal["learned_from"]["champion"]["from"].startswith("2024-01-01")
    assert proposal["hashes"]["champion"] != proposal["hashes"]["challenger"]
    assert text.startswith("# PROMOTE: this model is better\n\n**It is better than the champion")
    sample = f"{test.height:,} test rows of {proposal['units']} days of departure"
    assert f"Both answered the same {sample}, which neither learned from" in text
    json.dumps(proposal, allow_nan=False)


def test_a_worse_model_is_rejected_and_its_gains_are_losses() -> None:
    proposal, other = proposed("poor", "alike"), proposed("alike", "poor")

    assert proposal["verdict"] == "reject"
    assert "it is worse than the champion (alike)" in proposal["reason"]
    for name, mirrored in other["metrics"].items():
        gain, interval = proposal["metrics"][name]["gain"], mirrored["gain"]["interval"]
        assert gain["value"] == pytest.approx(-mirrored["gain"]["value"])
        assert gain["interval"]["low"] == pytest.approx(-interval["high"])
    assert "only the champion is right on" in proposal["tests"]["McNemar (accuracy)"]["detail"]
    assert page("rides", proposal).startswith("# REJECT: this model is not good enough")


def test_what_cannot_be_told_apart_is_held_with_what_is_missing() -> None:
    proposal = proposed("good", "alike")

    assert (proposal["verdict"], proposal["favouring"]) == ("hold", 0)
    assert "it looks better than the champion (alike), but that may be chance" in proposal["reason"]
    assert "more days of departure would decide" in page("rides", proposal)
    assert proposal["more_units"] > 100


def test_the_first_model_is_proposed_by_the_floors_alone() -> None:
    proposal = proposed("good", "main")
    text = page("rides", proposal)

    assert (proposal["verdict"], proposal["first"]) == ("promote", True)
    assert "there is no champion to beat, and it is better than a constant" in proposal["reason"]
    assert proposal["hashes"].keys() == {"challenger"}
    assert text.startswith("# PROMOTE: the first model")
    assert "| metric | challenger | a constant answer |" in text
    _configured("+gate.floors={roc_auc: 0.99}")
    assert proposed("good", "main")["verdict"] == "reject"


def test_rows_that_the_champion_learned_from_do_not_count() -> None:
    proposal = proposed("good", "seen")

    assert (proposal["verdict"], proposal["rows"]) == ("hold", 0)
    assert "only 0 of" in proposal["reason"]
    assert "test rows are unknown to both models" in page("rides", proposal)


def test_the_champion_itself_is_held() -> None:
    assert "it is the champion" in proposed("poor", "poor")["reason"]


def test_a_champion_comes_from_the_remote_and_one_that_is_lost_is_waited_for(
    tmp_path: Path,
) -> None:
    remote = ("dvc", "remote", "add", "--quiet", "--local", "--default", "of_tests")
    here = Path.cwd()
    run(here, *remote, str(tmp_path / "remote"))
    run(here, "dvc", "push", "--quiet", "--all-branches")
    shutil.rmtree(".dvc/cache/files")
    fetched = proposed("good", "poor")
    shutil.rmtree(tmp_path / "remote")
    shutil.rmtree(".dvc/cache/files", ignore_errors=True)
    lost = proposed("good", "poor")

    assert fetched["verdict"] == "promote"
    assert (lost["verdict"], lost["first"]) == ("hold", False)
    assert "neither in the cache nor in the remote" in lost["reason"]
    assert "PROMOTE" not in page("rides", lost)


def test_rows_of_days_that_only_the_challenger_saw_are_said_to_favour_it() -> None:
    parts = [pl.read_parquet(part) for part in (TRAIN, VALIDATION)]
    early = pl.concat(parts).filter(pl.col("departure").dt.month() < 4)["id"]
    challenger = Candidate("challenger", Model.load(Path("others/good")))
    champion = Candidate("champion", replace(challenger.model, learned_keys=digests(early)))
    favouring = propose.rows_of(config(), challenger, champion)["favouring"]
    april = pl.read_parquet(TEST).filter(pl.col("departure").dt.month() == 4).height

    assert favouring == april > 100
    assert propose.rows_of(config(), challenger, challenger)["favouring"] == 0


def test_a_champion_that_cannot_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_: str, __: Path, to: Path) -> bool:
        shutil.copytree("others/poor", to)
        np.save(to / "learned_keys.npy", np.empty(0, dtype=np.uint64))
        return True

    monkeypatch.setattr(propose, "fetch", fetch)

    assert "cannot answer today's rows" in proposed("good", "poor")["reason"]


def test_an_unknown_revision_is_refused() -> None:
    with pytest.raises(ConfigError, match="'nowhere' is no experiment, branch, tag or commit here"):
        proposed("good", "nowhere")


def test_without_results_the_pipeline_is_asked_for() -> None:
    proposed("good", "poor")
    METRICS.unlink()

    with pytest.raises(DataError, match="Run `make repro`"):
        propose.propose(config(), "poor")


def test_the_command_takes_main_by_itself_and_ends_well_whatever_the_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proposed("good", "main")
    monkeypatch.setattr("sys.argv", ["propose", "--against", ""])
    propose.main()

    assert json.loads(PROPOSAL.read_text())["against"]["revision"] == "main"
    assert PROPOSAL_PAGE.read_text().startswith("# PROMOTE")
