"""Take the demo away, and say what to fill in: `make clean-demo`."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from ..errors import ConfigError
from ..runtime import logs
from ..runtime.artifacts import atomic_write
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error

PACKAGE = Path(__package__.partition(".")[0])
SCHEMA = "schemas/flights.json"
FILES = (
    *("conf/data/flights.yaml", SCHEMA, "data/raw/flights.parquet", "data/demo", "tests/demo"),
    *(f"{PACKAGE}/commands/arrive.py", f"{PACKAGE}/commands/clean_demo.py", "demo.mk"),
)
MARKED = ("README.md", ".github/workflows/drift.yml")  # hold parts between a begin and an end
PART = re.compile(r"^[^\n]*begin of the demo.*?end of the demo[^\n]*\n", re.DOTALL | re.MULTILINE)
GROUP = re.compile(r"^group: tail_number\b.*$", re.MULTILINE)
LOCKS = ("params.yaml", "dvc.lock", "pipelines/release/dvc.lock", "pipelines/monitor/dvc.lock")
OUTPUTS = (
    *("data/*.parquet", "data/ingested.json", "data/.predict", "data/split", "models", "reports"),
)
RECORDS = (
    *("mlflow.db*", "mlruns", "alerts.db*", "alerts_dead.jsonl"),
    "pipelines/release/ledger.jsonl",
)
BATCHES = (  # of arrive.py, and what adopt.py made of them
    *("data/incoming/2013-[01][0-9].parquet", "data/labels/2013-[01][0-9].csv"),
    *("data/adopted/2013-[01][0-9].parquet", "data/raw/2013-[01][0-9]-*.parquet"),
)
CONFIG, MINE = Path("conf/config.yaml"), Path("conf/data/mine.yaml")
CHOICE = re.compile(r"^(\s*- data:) flights\b.*$", re.MULTILINE)
BLANKS = f"""\
# Your own data. Fill in each ???, from top to bottom; `make repro` says what is left.
# For several sources, databases and the options of each kind see the other files in this folder.
sources: # 1. Put the files into data/raw/, and say what they are.
  - kind: ??? # csv, json, ndjson, parquet, sql, or the dotted name of a reader in {PACKAGE}/own
    path: data/raw/*.csv # a file, folder, pattern or address
schema: schemas/mine.json # 2. `python -m {PACKAGE}.commands.schema infer` drafts it; tighten it
target: ??? # 3. The column to predict. `evaluate` in conf/config.yaml has the metrics that fit it.
key: ??? # 4. The column that names a row; none? options: {{row_index_name: row}} numbers one file
time: null # 5. The column that orders rows, if there is one
ignore: [] # columns that are no features
"""
NEXT = f"""\
The demo is gone; git keeps it. Next:
  1. Put your files into data/raw/, and their kind and path into {{chosen}}.
  2. python -m {PACKAGE}.commands.schema infer     drafts the schema that it names
  3. Write the target, the key and the time into {{chosen}}.
  4. git add --all && git commit, then `make repro`
"""


def clean_demo() -> str:
    """Remove the demo from the repository in the current folder; return what to do next.

    Raises:
        ConfigError: git does not have a file as it is now, so that it would be lost.
    """
    _refuse_uncommitted()
    if _last_run_was_the_demo():
        _remove(*LOCKS, *OUTPUTS)
        if _records_are_the_demo():
            _remove(*RECORDS)
    _remove(*FILES, *BATCHES)
    Path("data/raw/.gitkeep").touch()  # the folder is a dependency of ingest
    for name in MARKED:
        _edit(Path(name), PART, "")
    _edit(Path("conf/split/group.yaml"), GROUP, "group: ??? # the column whose rows stay together")
    if not CHOICE.search(CONFIG.read_text(encoding="utf-8")):
        return NEXT.format(chosen="the choice of data in conf/config.yaml")
    _edit(CONFIG, CHOICE, rf"\1 {MINE.stem}")
    if not MINE.exists():
        MINE.write_text(BLANKS, encoding="utf-8")
    return NEXT.format(chosen=MINE)


def _refuse_uncommitted() -> None:
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--", *FILES]
    status = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if status.returncode or status.stdout:
        reason = status.stderr.strip() or f"there is what it does not have:\n{status.stdout}"
        raise ConfigError(
            f"git keeps what is removed here, but {reason}\nCommit it, or undo it.",
            "config.uncommitted",
        )


def _last_run_was_the_demo() -> bool:
    params = Path("params.yaml")
    return params.exists() and f" {SCHEMA}\n" in params.read_text(encoding="utf-8")


def _records_are_the_demo() -> bool:
    """Whether all runs in MLflow's database are of the demo's schema."""
    if not Path("mlflow.db").exists():
        return True
    query = "SELECT count(*) FROM params WHERE key = 'data.schema' AND value <> ?"
    try:
        with closing(sqlite3.connect("mlflow.db")) as database:
            others: int = database.execute(query, [SCHEMA]).fetchone()[0]
    except sqlite3.Error:
        return False
    return others == 0


def _remove(*patterns: str) -> None:
    for path in (path for pattern in patterns for path in sorted(Path().glob(pattern))):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _edit(file: Path, pattern: re.Pattern[str], new: str) -> None:
    if file.exists():
        text = file.read_text(encoding="utf-8")
        with atomic_write(file) as partial:
            partial.write_text(pattern.sub(new, text), encoding="utf-8")


def main() -> None:
    """Take the demo away."""
    logs.configure(run_id=run_id(), stage="clean_demo")
    with exit_on_error():
        sys.stdout.write(clean_demo())


if __name__ == "__main__":
    main()
