"""After the files are written: the licence, what the answers leave out, git's first commit.

Only choices are read here, never free text; no network.
"""

import shutil
import subprocess
import sys
from pathlib import Path

LICENSE = "<< cookiecutter.license >>"


def choose_license(name: str) -> None:
    """Keep one of licenses/ as LICENSE."""
    shutil.move(f"licenses/{name}.txt", "LICENSE")
    shutil.rmtree("licenses")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git here."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)


def first_commit() -> str:
    """Make a repository with one commit; leave a surrounding work tree alone. Says what it did."""
    if shutil.which("git") is None:
        return "git is not installed: run `git init` here before `make repro`."
    if git("rev-parse", "--is-inside-work-tree").stdout.strip() == "true":
        return "This folder lies in a git repository already: no new one was made."
    identity = (
        []
        if git("config", "user.email").stdout.strip()
        else ["-c", "user.name=template", "-c", "user.email=template@localhost"]
    )
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        [
            *identity,
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "-m",
            "Start from the template",
        ],
    ):
        done = git(*command)
        if done.returncode:
            sys.exit(f"`git {' '.join(command)}` failed: {done.stderr.strip()}")
    return "Made a git repository with a first commit."


def main() -> None:
    """Finish the project in the current folder."""
    choose_license(LICENSE)
    said = first_commit()
    sys.stdout.write(f"{said}\nNext: cd {Path.cwd().name} && make demo\n")


if __name__ == "__main__":
    main()
