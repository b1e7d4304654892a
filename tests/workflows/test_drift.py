"""drift.yml as GitHub runs it, with reports that the tests write in place of the stages."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from .github import GitHub, with_stand_in_targets

READY = {"DVC_REMOTE_READY": "true"}


def report(batch: str, severity: str = "none", *, known: bool = True) -> dict[str, Any]:
    """reports/drift.json of a batch; it asks for a new model when the severity is critical."""
    verdict = "drifted" if severity != "none" else "steady"
    return {
        "run_id": batch,  # another one in each run
        "severity": severity,
        "retrain": severity == "critical",
        "batch": {"name": batch.partition(" ")[0], "kind": "month", "rows": 1000},
        "data": {"verdict": verdict if known else "unknown", "drifted": []},
    }


def labels(*fallen: str) -> dict[str, Any]:
    """reports/performance.json, by the labels that came."""
    return {"run_id": "any", "fallen": list(fallen), "retrain": bool(fallen)}


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    return with_stand_in_targets(tmp_path, variables=READY)


def arrive(github: GitHub, what: dict[str, Any]) -> None:
    name = what["batch"]["name"]
    github.write("monitor", "reports/drift.json", what)
    github.write("monitor", "reports/drift.md", f"## {name} is judged\n")
    github.write("monitor", "reports/incoming.json", {"rows": 1000})
    github.write("monitor", "alerts.db", f"alerts until {name}")


def said(github: GitHub) -> list[tuple[str, list[str]]]:
    """Each issue: its state, and the first line of its text and of each comment."""
    return [
        (
            issue["state"],
            [t["body"].splitlines()[0] for t in (issue, *issue["comments"])],
        )
        for issue in github.state["issues"]
    ]


def test_one_issue_is_opened_commented_by_the_next_batch_and_closed_when_it_is_steady(
    github: GitHub,
) -> None:
    small = report("june", known=False)  # too few rows to judge: says nothing, closes nothing
    for what in (report("may", "warning"), small, report("july", "error"), report("august")):
        arrive(github, what)
        assert github.run("drift").succeeded
        assert github.state["dispatched"] == []

    expected = ["## may is judged", "## july is judged", "## august is judged"]
    assert said(github) == [("CLOSED", expected)]
    arrive(github, report("september", "error"))
    assert github.run("drift").succeeded
    assert [state for state, _ in said(github)] == ["CLOSED", "OPEN"]


def test_the_same_batch_again_raises_nothing_and_asks_for_one_model(github: GitHub) -> None:
    arrive(github, report("may a", "critical"))
    assert github.run("drift").succeeded
    once = github.state
    assert once["dispatched"] == [["retrain.yml", "main"]]
    assert said(github) == [("OPEN", ["## may is judged"])]

    arrive(github, report("may b", "critical"))
    again = github.run("drift")
    assert "Nothing new: issue #1 has this result already." in again.output
    assert github.state == once

    state = github.folder / "github.json"
    state.write_text(state.read_text().replace("OPEN", "CLOSED"))  # by a person
    assert github.run("drift").succeeded
    assert said(github) == [("CLOSED", ["## may is judged"])]


def test_a_fall_that_labels_show_opens_an_issue_and_asks_for_a_model_without_drift(
    github: GitHub,
) -> None:
    arrive(github, report("may"))
    github.write("monitor", "reports/performance.md", "## Performance, by labels\n")
    for fallen in ([], ["may"], ["may"], ["may", "june"]):
        github.write("monitor", "reports/performance.json", labels(*fallen))
        assert github.run("drift").succeeded

    (issue,) = github.state["issues"]
    assert issue["state"] == "OPEN"
    assert "## Performance, by labels" in issue["body"]
    assert len(issue["comments"]) == 1  # of june; may is told once
    assert github.state["dispatched"] == [["retrain.yml", "main"]] * 2


def test_nothing_happens_where_nothing_drifts(github: GitHub) -> None:
    arrive(github, report("may"))
    run = github.run("drift")

    assert run.succeeded
    assert github.calls == ["make setup", "dvc pull --allow-missing", "make monitor"]
    assert github.state["issues"] == github.state["dispatched"] == github.state["labels"] == []


def test_the_record_of_alerts_comes_back_in_the_next_run_even_when_this_one_fails(
    github: GitHub,
) -> None:
    arrive(github, report("may", "error"))
    (github.folder / "fails").mkdir()
    (github.folder / "fails/monitor").touch()
    failed = github.run("drift")
    (github.folder / "writes/monitor/alerts.db").unlink()
    next_ = github.run("drift")
    kept = [file.read_text() for file in (github.folder / "cache").rglob("alerts.db")]

    assert not failed.succeeded
    assert not next_.succeeded
    assert kept == ["alerts until may"] * 2  # the second run found it, and kept it
    assert said(github) == [("OPEN", ["## may is judged"])]  # it drifts, whether alerts went or not


def test_a_first_run_without_a_model_says_what_to_do_and_succeeds(github: GitHub) -> None:
    shutil.rmtree(github.folder / "writes/pull")
    github.git("rm", "--quiet", "dvc.lock")
    github.push("No model yet")
    run = github.run("drift")

    assert run.succeeded
    assert "there is no model yet, so nothing was watched" in run.output
    assert github.calls == ["make setup", "dvc pull --allow-missing"]
    assert github.state["issues"] == []


def test_a_remote_that_lost_the_model_is_an_error(github: GitHub) -> None:
    shutil.rmtree(github.folder / "writes/pull")
    run = github.run("drift")

    assert not run.succeeded
    assert "dvc.lock names a model that the remote does not have" in run.output


def test_without_a_remote_the_schedule_rests_and_a_run_by_hand_trains(tmp_path: Path) -> None:
    github = with_stand_in_targets(tmp_path)
    github.write("repro", "models/model/contract.json", {})
    arrive(github, report("may", "error"))

    assert github.run("drift", "schedule").succeeded
    assert github.calls == []
    assert github.run("drift", month="7").succeeded
    assert github.calls == ["make setup", "make repro", "make arrive MONTH=7", "make monitor"]
    assert len(github.state["issues"]) == 1


def test_nothing_arrived_is_a_warning(github: GitHub) -> None:
    arrive(github, report("none", known=False))
    github.write("monitor", "reports/incoming.json", {"rows": 0})
    run = github.run("drift")

    assert run.succeeded
    assert "no row has arrived, so nothing was watched" in run.output


def test_schedules_are_kept_on_but_not_one_that_a_person_switched_off(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHED_OFF", "retrain.yml")
    arrive(github, report("may"))
    github.run("drift", "schedule")

    assert github.state["enabled"] == ["drift.yml", "newest.yml"]


def test_a_report_longer_than_github_takes_is_cut(github: GitHub) -> None:
    arrive(github, report("may", "error"))
    github.write("monitor", "reports/drift.md", "## may is judged\n" + "é" * 70_000)

    assert github.run("drift").succeeded
    assert said(github) == [("OPEN", ["## may is judged"])]
