"""After the files are written: the licence, what the answers leave out, git's first commit.

Only choices are read here, never free text; no network.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LICENSE = "<< cookiecutter.license >>"
ONE_PACK = ["-c", "core.bigFileThreshold=1", "-c", "core.compression=0"]  # not a file per object
DEMO, OF_TESTS = "flights", "rides"  # choices of conf/data
POINTERS = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}


def choose_license(name: str) -> None:
    """Keep one of licenses/ as LICENSE."""
    shutil.move(f"licenses/{name}.txt", "LICENSE")
    shutil.rmtree("licenses")


def copy_conf_for_tests() -> None:
    """Give the tests conf/ as it is now, with their data: what an owner edits is not for them."""
    to = Path("tests/fixture/conf")
    ignore = shutil.ignore_patterns(f"{DEMO}.yaml")
    shutil.copytree("conf", to, ignore=ignore, dirs_exist_ok=True)
    config = (to / "config.yaml").read_text(encoding="utf-8")
    changed = config.replace(f"  - data: {DEMO}\n", f"  - data: {OF_TESTS}\n")
    (to / "config.yaml").write_text(changed, encoding="utf-8")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git here, and not where a git that runs this hook may point."""
    env = {key: value for key, value in os.environ.items() if key not in POINTERS}
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, env=env)


def identity() -> list[str]:
    """Settings for a commit where the user has none."""
    fallback = {"user.name": "template", "user.email": "template@localhost"}
    configured = git("config", "--get-regexp", r"^user\.(name|email)$").stdout.splitlines()
    known = {key for key, _, value in (line.partition(" ") for line in configured) if value}
    return [
        part for key in fallback if key not in known for part in ("-c", f"{key}={fallback[key]}")
    ]


def first_commit() -> str:
    """Make a repository with one commit; leave a surrounding work tree alone. Says what it did."""
    if shutil.which("git") is None:
        return "git is not installed: run `git init` here before `make repro`."
    if git("rev-parse", "--is-inside-work-tree").stdout.strip() == "true":
        return "This folder lies in a git repository already: no new one was made."
    commit = ["commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", "Start from the template"]
    for command in (
        ["-c", "init.defaultBranch=main", "init", "--quiet"],
        [*ONE_PACK, "add", "--all"],
        [*identity(), *commit],
    ):
        done = git(*command)
        if done.returncode:
            failed = f"`git {' '.join(command)}` failed: {done.stderr.strip()}"
            return f"{failed}\nThe files are whole; make the first commit before `make repro`."
    return "Made a git repository with a first commit."


def main() -> None:
    """Finish the project in the current folder."""
    choose_license(LICENSE)
    copy_conf_for_tests()
    message = first_commit()
    sys.stdout.write(f"{message}\nNext: cd {Path.cwd().name} && make demo\n")


if __name__ == "__main__":
    main()
