"""A stand-in for GitHub's command line: it keeps issues and pull requests in a JSON file.

It knows what our workflows say to it and refuses everything else, as GitHub would: a token that is
missing, a label, a branch or a trigger that is not there.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(os.environ["STAND_INS"])
STATE = HERE / "github.json"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    topics = parser.add_subparsers(dest="topic", required=True)
    issue, pr = topics.add_parser("issue"), topics.add_parser("pr")
    label, workflow = topics.add_parser("label"), topics.add_parser("workflow")
    actions = {t: p.add_subparsers(dest="action", required=True) for t, p in {
        "issue": issue, "pr": pr, "label": label, "workflow": workflow,
    }.items()}  # fmt: skip
    for topic, action, words, flags in (
        ("issue", "list", [], ["label", "state", "limit", "json", "jq"]),
        ("issue", "view", ["number"], ["json", "jq"]),
        ("issue", "create", [], ["title", "label", "body-file"]),
        ("issue", "comment", ["number"], ["body-file"]),
        ("issue", "close", ["number"], []),
        ("pr", "list", [], ["head", "base", "state", "json", "jq"]),
        ("pr", "create", [], ["title", "body-file", "base", "head"]),
        ("label", "create", ["name"], ["description", "color"]),
        ("workflow", "run", ["file"], ["ref"]),
    ):
        command = actions[topic].add_parser(action, allow_abbrev=False)
        for word in words:
            command.add_argument(word)
        for flag in flags:
            command.add_argument(f"--{flag}", required=True)
        if topic == "label":
            command.add_argument("--force", action="store_true", required=True)
    api = topics.add_parser("api", allow_abbrev=False)
    api.add_argument("path")
    for flag in ("method", "jq", "field"):
        api.add_argument(f"--{flag}")
    api.add_argument("--silent", action="store_true")
    return parser.parse_args()


def numbered(rows: list[dict[str, Any]], number: str) -> dict[str, Any]:
    return next(row for row in rows if row["number"] == int(number))


def show(value: Any, wanted: argparse.Namespace) -> None:
    fields = wanted.json.split(",")
    rows = value if isinstance(value, list) else [value]
    kept = [{field: row[field] for field in fields} for row in rows]
    text = json.dumps(kept if isinstance(value, list) else kept[0])
    subprocess.run(["jq", "--raw-output", wanted.jq], input=text, text=True, check=True)


def git(*command: str) -> str:
    git_dir = f"--git-dir={HERE / 'origin.git'}"
    return subprocess.run(
        ["git", git_dir, *command], check=True, capture_output=True, text=True
    ).stdout


def issue(state: dict[str, list[Any]], said: argparse.Namespace) -> None:
    issues = state["issues"]
    if said.action == "list":
        known = {"open": ["OPEN"], "closed": ["CLOSED"], "all": ["OPEN", "CLOSED"]}[said.state]
        rows = [i for i in issues if i["state"] in known and said.label in i["labels"]]
        show(rows[::-1][: int(said.limit)], said)
    elif said.action == "view":
        show(numbered(issues, said.number), said)
    elif said.action == "create":
        if said.label not in state["labels"]:
            sys.exit(f"could not add label: '{said.label}' not found")
        facts = {"title": said.title, "labels": [said.label], "state": "OPEN", "comments": []}
        issues.append(facts | {"number": len(issues) + 1, "body": text_of(said.body_file)})
    elif said.action == "comment":
        numbered(issues, said.number)["comments"].append({"body": text_of(said.body_file)})
    else:
        numbered(issues, said.number)["state"] = "CLOSED"


def pull_request(state: dict[str, list[Any]], said: argparse.Namespace) -> None:
    pulls = state["pulls"]
    open_ = [p for p in pulls if (p["head"], p["base"]) == (said.head, said.base)]
    open_ = [p for p in open_ if p["state"] == "OPEN"]
    if said.action == "list":
        show(open_, said)
        return
    if open_:
        sys.exit(f'a pull request for branch "{said.head}" into branch "{said.base}" exists')
    git("rev-parse", "--verify", said.head)
    names = {"head": said.head, "base": said.base, "title": said.title, "state": "OPEN"}
    number = 100 + len(pulls)
    pulls.append(names | {"number": number, "body": text_of(said.body_file)})


def api(state: dict[str, list[Any]], said: argparse.Namespace) -> None:
    *_, kind, name = said.path.removesuffix("/enable").split("/")
    if kind == "pulls" and said.method == "PATCH":
        field, _, file = said.field.partition("=@")
        numbered(state["pulls"], name)[field] = text_of(file)
    elif kind == "workflows" and said.method == "PUT":
        state["enabled"].append(name)
    elif kind == "workflows" and said.jq == ".state":
        off = name in os.environ.get("SWITCHED_OFF", "").split()
        sys.stdout.write("disabled_manually\n" if off else "active\n")
    else:
        sys.exit(f"not known: {said}")


def text_of(file: str) -> str:
    text = Path(file).read_text(encoding="utf-8")
    if len(text) > 65536:
        sys.exit("Body is too long (maximum is 65536 characters)")
    return text


def main() -> None:
    if not os.environ.get("GH_TOKEN"):
        sys.exit("gh: to use GitHub CLI in a workflow, set the GH_TOKEN environment variable")
    if not os.environ.get("GH_REPO"):
        sys.exit("failed to determine base repo")
    said = arguments()
    state = json.loads(STATE.read_text())
    if said.topic == "issue":
        issue(state, said)
    elif said.topic == "pr":
        pull_request(state, said)
    elif said.topic == "api":
        api(state, said)
    elif said.topic == "label":
        state["labels"] = sorted({*state["labels"], said.name})
    else:
        if "workflow_dispatch" not in git("show", f"{said.ref}:.github/workflows/{said.file}"):
            sys.exit("could not create workflow dispatch event: it has no such trigger")
        state["dispatched"].append([said.file, said.ref])
    STATE.write_text(json.dumps(state, indent=1))


if __name__ == "__main__":
    main()
