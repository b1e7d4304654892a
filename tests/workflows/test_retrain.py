"""retrain.yml and release.yml as GitHub runs them, with verdicts that the tests write."""

import shutil
from pathlib import Path

import pytest

from .github import GitHub, with_stand_in_targets

READY = {"DVC_REMOTE_READY": "true"}
COMPARED = [
    *(
        "make setup",
        "dvc pull --allow-missing",
        "dvc repro --single-item pipelines/monitor/dvc.yaml:predict",
    ),
    *("make adopt", "dvc add data/raw/may.parquet", "dvc repro --force ingest", "make repro"),
    "make propose AGAINST=origin/main",
]


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    return with_stand_in_targets(tmp_path, variables=READY)


def retrain(github: GitHub, verdict: str, model: str = "second") -> None:
    """Let the next retraining bring a model, and a batch that it learned from."""
    github.write("adopt", "data/raw/may.parquet", "rows with labels")
    github.write("repro", "dvc.lock", f"model: {model}\n")
    github.write("repro", "params.yaml", "seed: 1\n")
    github.write("propose", "reports/proposal.json", {"verdict": verdict, "reason": "so"})
    github.write("propose", "reports/proposal.md", f"## {verdict}: the {model} model\n")


def branch(github: GitHub) -> dict[str, str]:
    """What the branch of the pull request changes in main: files, with their text."""
    github.git("fetch", "--quiet", "--prune")
    names = github.git(
        "diff", "--name-only", "--diff-filter=d", "origin/main", "origin/retrain"
    ).split()
    return {name: github.git("show", f"origin/retrain:{name}") for name in names}


def test_a_better_model_is_pushed_proposed_and_checked(github: GitHub) -> None:
    retrain(github, "PROMOTE")
    run = github.run("retrain")

    assert run.succeeded, run.output
    assert github.calls == [*COMPARED, "dvc push"]
    assert branch(github) == {
        "data/raw/.gitignore": "/may.parquet\n",
        "data/raw/may.parquet.dvc": "outs: data/raw/may.parquet\n",
        "dvc.lock": "model: second\n",
        "params.yaml": "seed: 1\n",
    }
    (pull,) = github.state["pulls"]
    assert pull["body"].startswith("## PROMOTE: the second model\n")
    assert (pull["head"], pull["base"]) == ("retrain", "main")
    assert github.state["dispatched"] == [["ci.yml", "retrain"]]


def test_an_open_pull_request_is_renewed_not_doubled(github: GitHub) -> None:
    for model in ("second", "third"):
        retrain(github, "PROMOTE", model)
        assert github.run("retrain").succeeded

    (pull,) = github.state["pulls"]
    assert pull["body"].startswith("## PROMOTE: the third model\n")
    assert branch(github)["dvc.lock"] == "model: third\n"
    assert github.git("rev-list", "--count", "origin/main..origin/retrain").strip() == "1"
    assert github.state["dispatched"] == [["ci.yml", "retrain"]] * 2


def test_a_batch_that_moved_leaves_its_old_place(github: GitHub) -> None:
    name = "data/incoming/may.parquet.dvc"
    (github.clone / name).parent.mkdir(parents=True)
    (github.clone / name).write_text("outs: may\n")
    github.push("May has arrived")
    retrain(github, "PROMOTE")
    makefile = github.clone / "GNUmakefile"
    makefile.write_text(makefile.read_text() + f"adopt: moved\nmoved:\n\t@rm {name}\n")
    github.push("Let adopt move it")

    assert github.run("retrain").succeeded
    branch(github)
    names = github.git("ls-tree", "-r", "--name-only", "origin/retrain", "data").split()
    assert names == ["data/raw/.gitignore", "data/raw/may.parquet.dvc"]


@pytest.mark.parametrize("verdict", ["HOLD", "reject"])  # GitHub compares without case
def test_a_model_that_is_not_better_opens_no_pull_request_and_is_explained_in_the_open_issue(
    github: GitHub, verdict: str
) -> None:
    state = github.folder / "github.json"
    issue = '{"number": 1, "state": "OPEN", "labels": ["drift"], "body": "", "comments": []}'
    state.write_text(state.read_text().replace('"issues": []', f'"issues": [{issue}]'))
    retrain(github, verdict)
    run = github.run("retrain")

    assert run.succeeded, run.output
    assert github.calls == COMPARED  # nothing is pushed
    assert github.state["pulls"] == github.state["dispatched"] == []
    (comment,) = github.state["issues"][0]["comments"]
    assert comment["body"] == f"## {verdict}: the second model\n"


def test_without_an_open_issue_a_hold_is_in_the_summary_alone(github: GitHub) -> None:
    retrain(github, "HOLD")

    assert github.run("retrain").succeeded
    assert github.state["issues"] == []


def test_the_same_model_again_is_compared_with_nothing(github: GitHub) -> None:
    github.write("repro", "dvc.lock", "model: first\n")
    run = github.run("retrain")

    assert run.succeeded
    assert "There is nothing new to learn from." in run.output
    adopted_none = [call for call in COMPARED if not call.startswith("dvc add")]
    assert github.calls == adopted_none[:-1]
    assert github.state["pulls"] == []


def test_a_first_model_is_proposed_too(github: GitHub) -> None:
    shutil.rmtree(github.folder / "writes/pull")
    github.git("rm", "--quiet", "dvc.lock")
    github.push("No model yet")
    retrain(github, "PROMOTE", "first")

    assert github.run("retrain").succeeded
    assert branch(github)["dvc.lock"] == "model: first\n"
    assert "make adopt" not in github.calls  # there was nobody to predict what arrived


def test_without_a_remote_a_better_model_is_not_proposed_for_nobody_keeps_it(
    tmp_path: Path,
) -> None:
    github = with_stand_in_targets(tmp_path)
    retrain(github, "PROMOTE")

    assert github.run("retrain", "schedule").succeeded
    assert github.calls == []
    run = github.run("retrain")
    assert run.succeeded
    assert "there is no remote to keep the better model" in run.output
    assert github.state["pulls"] == []


def test_a_failed_training_proposes_nothing(github: GitHub) -> None:
    retrain(github, "PROMOTE")
    (github.folder / "fails").mkdir()
    (github.folder / "fails/repro").touch()

    assert not github.run("retrain").succeeded
    assert github.state["pulls"] == []
    assert "dvc push" not in github.calls


def test_a_merge_offers_the_model_to_the_registry_that_outlives_the_runner(
    tmp_path: Path,
) -> None:
    github = with_stand_in_targets(tmp_path, variables=READY | {"REGISTRY_READY": "true"})
    verdict = {"verdict": "promote", "version": "2", "champion": "2", "reason": "so"}
    github.write("release", "reports/registry.json", verdict)
    github.write("release", "pipelines/release/ledger.jsonl", "{}\n")
    run = github.run("release", "push")

    assert run.succeeded, run.output
    assert github.calls == ["make setup", "dvc pull --allow-missing", "make release"]


def test_without_such_a_registry_a_merge_does_nothing(github: GitHub) -> None:
    assert github.run("release", "push").succeeded
    assert github.calls == []
