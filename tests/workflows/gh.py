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


def issue(state: dict[str, list[Any]], command: argparse.Namespace) -> None:
    issues = state["issues"]
    if command.action == "list":
        known = {"open": ["OPEN"], "closed": ["CLOSED"], "all": ["OPEN", "CLOSED"]}[command.state]
        rows = [i for i in issues if i["state"] in known and command.label in i["labels"]]
        show(rows[::-1][: int(command.limit)], command)
    elif command.action == "view":
        show(numbered(issues, command.number), command)
    elif command.action == "create":
        if command.label not in state["labels"]:
            sys.exit(f"could not add label: '{command.label}' not found")
        facts = {"title": command.title, "labels": [command.label], "state": "OPEN", "comments": []}
        issues.append(facts | {"number": len(issues) + 1, "body": text_of(command.body_file)})
    elif command.action == "comment":
        numbered(issues, command.number)["comments"].append({"body": text_of(command.body_file)})
    else:
        numbered(issues, command.number)["state"] = "CLOSED"


def pull_request(state: dict[str, list[Any]], command: argparse.Namespace) -> None:
    pulls = state["pulls"]
    open_ = [p for p in pulls if (p["head"], p["base"]) == (command.head, command.base)]
    open_ = [p for p in open_ if p["state"] == "OPEN"]
    if command.action == "list":
        show(open_, command)
        return
    if open_:
        sys.exit(f'a pull request for branch "{command.head}" into branch "{command.base}" exists')
    git("rev-parse", "--verify", command.head)
    names = {"head": command.head, "base": command.base, "title": command.title, "state": "OPEN"}
    number = 100 + len(pulls)
    pulls.append(names | {"number": number, "body": text_of(command.body_file)})


def api(state: dict[str, list[Any]], command: argparse.Namespace) -> None:
    *_, kind, name = command.path.removesuffix("/enable").split("/")
    if kind == "pulls" and command.method == "PATCH":
        field, _, file = command.field.partition("=@")
        numbered(state["pulls"], name)[field] = text_of(file)
    elif kind == "workflows" and command.method == "PUT":
        state["enabled"].append(name)
    elif kind == "workflows" and command.jq == ".state":
        off = name in os.environ.get("SWITCHED_OFF", "").split()
        sys.stdout.write("disabled_manually\n" if off else "active\n")
    else:
        sys.exit(f"not known: {command}")


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
    command = arguments()
    state = json.loads(STATE.read_text())
    if command.topic == "issue":
        issue(state, command)
    elif command.topic == "pr":
        pull_request(state, command)
    elif command.topic == "api":
        api(state, command)
    elif command.topic == "label":
        state["labels"] = sorted({*state["labels"], command.name})
    else:
        if "workflow_dispatch" not in git(
            "show", f"{command.ref}:.github/workflows/{command.file}"
        ):
            sys.exit("could not create workflow dispatch event: it has no such trigger")
        state["dispatched"].append([command.file, command.ref])
    STATE.write_text(json.dumps(state, indent=1))


if __name__ == "__main__":
    main()
