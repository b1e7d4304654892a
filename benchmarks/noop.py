"""`dvc repro` with nothing to do: a bake's against its own graph with every stage and file emptied.

The emptied graph is what DVC itself takes for so many stages, dependencies, parameters. Beside it:
as many stages in a row with one file each, and other frameworks with as many empty steps, which
cannot tell that nothing is to do.
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
    run,
    say,
)

OURS, EMPTIED = "ours: dvc repro", "DVC, the same graph emptied: dvc repro"
BARE = "DVC, as many stages in a row: dvc repro"


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        graph = (ours.path / "dvc.yaml").read_text().replace("${pkg}", ours.package)
        stages: dict[str, Any] = yaml.safe_load(graph)["stages"]
        emptied = ours.copy(folder / "emptied")
        _empty(emptied, stages)
        repro: Command = [ours.python, "-m", "dvc", "repro"]
        run(repro, ours.path, ours.env)
        contenders = [
            Contender(OURS, repro, ours.path, ours.env),
            Contender(EMPTIED, repro, emptied.path, ours.env),
            Contender(BARE, repro, _bare(folder / "bare", len(stages), ours), ours.env),
        ]
        timings = race(contenders, rounds=None if QUICK else 15)
        others, notes = ([], []) if QUICK else _peers(folder, len(stages))
    median = timings[OURS].median
    checks = [Check("ours ÷ the same graph emptied", median / timings[EMPTIED].median, 1.1)]
    bare = median / timings[BARE].median
    notes = [f"{len(stages)} stages; ours ÷ as many in a row: {bare:.2f}", *notes]
    return report("noop", [*timings.values(), *others], checks, notes)


def _empty(graph: Bake, stages: dict[str, Any]) -> None:
    """Empty every input and output of the graph, and have DVC take the outputs as made."""
    graph.run("-m", f"{graph.package}.stages.compose")
    for kind in ("outs", "metrics", "plots", "deps"):  # a dependency may lie in a folder's output
        for entry in chain.from_iterable(stage.get(kind, []) for stage in stages.values()):
            name = entry if isinstance(entry, str) else next(iter(entry))
            path = graph.path / name
            if path.is_dir():
                for file in filter(Path.is_file, path.rglob("*")):
                    file.write_bytes(b"")
            elif name != "params.yaml":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"") if path.suffix else path.mkdir()
    graph.run("-m", "dvc", "commit", "--force", "dvc.yaml")


def _bare(folder: Path, count: int, ours: Bake) -> Path:
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
