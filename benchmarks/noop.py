"""`dvc repro` with nothing to do: a bake's against that of as many empty stages in plain DVC.

Other frameworks run as many empty steps beside it; none of them can tell that nothing is to do.
"""

import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bakes import Bake, bake, scratch, venv
from benchmarks.peers import PEERS
from benchmarks.protocol import (
    QUICK,
    Check,
    Command,
    Contender,
    Timing,
    environment,
    race,
    report,
    say,
)

OURS, PLAIN = "ours: dvc repro", "DVC, empty stages: dvc repro"


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        stages: dict[str, Any] = yaml.safe_load((ours.path / "dvc.yaml").read_text())["stages"]
        if QUICK:
            _pretend(ours, stages)
        else:
            ours.run("-m", f"{ours.package}.doctor", "run", "dvc", "repro")
        repro: Command = [ours.python, "-m", "dvc", "repro"]
        contenders = [
            Contender(OURS, repro, ours.path, ours.env),
            Contender(PLAIN, repro, _plain(folder / "plain", len(stages), ours), ours.env),
        ]
        timings = race(contenders)
        others, notes = ([], []) if QUICK else _peers(folder, len(stages))
    ratio = timings[OURS].median / timings[PLAIN].median
    notes = [f"{len(stages)} stages", *notes]
    return report(
        "noop", [*timings.values(), *others], [Check("ours ÷ empty stages", ratio, 1.1)], notes
    )


def _pretend(ours: Bake, stages: dict[str, Any]) -> None:
    """Write empty outputs and have DVC take them as made: QUICK has no time to run."""
    ours.run("-m", f"{ours.package}.stages.compose")
    for kind in ("outs", "metrics", "plots", "deps"):  # a dependency may lie in a folder's output
        for entry in chain.from_iterable(stage.get(kind, []) for stage in stages.values()):
            path = ours.path / (entry if isinstance(entry, str) else next(iter(entry)))
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch() if path.suffix else path.mkdir()
    ours.run("-m", "dvc", "commit", "--force", "dvc.yaml")


def _plain(folder: Path, count: int, ours: Bake) -> Path:
    """A DVC project of `count` stages in a row, each of which only touches a file, run once."""
    folder.mkdir()
    stages = {
        f"s{number}": {
            "cmd": f"touch out{number}",
            "deps": [f"out{number - 1}"] if number else [],
            "outs": [f"out{number}"],
        }
        for number in range(count)
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    for arguments in (["init", "--quiet"], ["repro"]):
        command: Command = [ours.python, "-m", "dvc", *arguments]
        subprocess.run(command, cwd=folder, env=ours.env, check=True, stdout=sys.stderr)
    return folder


def _peers(folder: Path, count: int) -> tuple[list[Timing], list[str]]:
    """As many empty steps in each peer, and a note for a peer that could not be had."""
    contenders, notes = [], []
    for name, (requirement, write) in PEERS.items():
        home = folder / name
        home.mkdir()
        try:
            python = venv(home / "env", requirement)
        except subprocess.CalledProcessError as error:
            say(str(error))
            notes.append(f"{name}: could not be installed here ({requirement})")
            continue
        command, env = write(home, count, python)
        contenders.append(
            Contender(f"{name}, empty steps", command, home, environment(env, python))
        )
    return [*race(contenders, rounds=3).values()], notes


if __name__ == "__main__":
    sys.exit(main())
