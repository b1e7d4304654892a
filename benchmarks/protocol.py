"""How every figure is taken: contenders in turn, a fresh process a round, a control for noise.

`race` measures, `report` judges: it prints a table for people and, last, one JSON line
`{"name", "value", "limit", "holds"}` with the figure that is nearest to its limit, or over it.
`QUICK=1` asks for sizes that end within 50 s; `BENCH_WRITE=1` puts the result into RESULTS.md.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

QUICK = os.environ.get("QUICK", "0") not in ("", "0")
RESULTS = Path(__file__).with_name("RESULTS.md")
NOISY = 1.15  # the control's time over its ideal from which on parallel figures are not scored
SILENT = {  # no telemetry, warm bytecode, two threads, one identity for git
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "KEDRO_DISABLE_TELEMETRY": "1",
    "ZENML_ANALYTICS_OPT_IN": "false",
    "OMP_NUM_THREADS": "2",
    "POLARS_MAX_THREADS": "2",
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@localhost",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@localhost",
}
SLOWS_NUMPY = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


Command = Sequence[str | Path]


@dataclass(frozen=True)
class Contender:
    """One way to do the work: `prepare` runs before each round, outside of the clock."""

    name: str
    command: Command
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], object] | None = None


@dataclass(frozen=True)
class Sample:
    """One round: wall-clock seconds and the child's own peak memory in MB."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Timing:
    """All rounds of one contender, the warm-up left out."""

    name: str
    samples: Sequence[Sample]

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def best(self) -> float:
        """Seconds of the fastest round."""
        return min(sample.seconds for sample in self.samples)

    @property
    def peak_mb(self) -> float:
        """The largest of the rounds."""
        return max(sample.peak_mb for sample in self.samples)


@dataclass(frozen=True)
class Check:
    """One figure and the most it may be."""

    name: str
    value: float
    limit: float

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit


def environment(
    extra: Mapping[str, str] | None = None, python: Path | None = None
) -> dict[str, str]:
    """The environment of a measured child; `python`'s folder comes first on its PATH."""
    env = {key: value for key, value in os.environ.items() if key not in SLOWS_NUMPY}
    env |= SILENT
    if python is not None:
        env["PATH"] = f"{python.parent}{os.pathsep}{env['PATH']}"
    return env | dict(extra or {})


def run(command: Command, cwd: Path, env: Mapping[str, str]) -> Sample:
    """Run one child to its end. Raises RuntimeError with its last output when it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            command_line = " ".join(map(str, command))
            raise RuntimeError(f"{command_line!r} ended with {child.returncode}:\n{tail}")
    return Sample(seconds, usage.ru_maxrss / 1024)


def race(
    contenders: Sequence[Contender], rounds: int | None = None, warmups: int = 1
) -> dict[str, Timing]:
    """Time the contenders in turn (A B A B …): 5 rounds after a warm-up, 3 when QUICK.

    What one has left for the disk is written before the next starts, which would pay for it.
    """
    rounds = rounds or (3 if QUICK else 5)
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(-warmups, rounds):
        for contender in contenders:
            say(f"{contender.name}, {'warm-up' if number < 0 else f'{number + 1}/{rounds}'}")
            if contender.prepare is not None:
                contender.prepare()
            os.sync()
            sample = run(contender.command, contender.cwd, contender.env or environment())
            if number >= 0:
                samples[contender.name].append(sample)
    return {name: Timing(name, taken) for name, taken in samples.items()}


def control(seconds: float = 1.0) -> float:
    """Time of two busy processes side by side over that of one alone: about 1 on two idle cores."""
    pool = get_context("spawn").Pool(2)
    with pool:
        pool.map(_spin, [1000, 1000])  # both are up before the clock starts
        loops = int(seconds / pool.apply(_spin, [2_000_000]) * 2_000_000)
        alone = pool.apply(_spin, [loops])
        return max(pool.map(_spin, [loops, loops], chunksize=1)) / alone


def _spin(loops: int) -> float:
    start = time.perf_counter()
    for _ in range(loops):
        pass
    return time.perf_counter() - start


def report(
    name: str, timings: Sequence[Timing], checks: Sequence[Check], notes: Sequence[str] = ()
) -> int:
    """Print the table, the checks and the JSON line; return the exit code, 0 if all hold."""
    spread = control()
    quiet = "quiet" if spread <= NOISY else "noisy: no parallel figure of it counts"
    rows = [
        f"| {timing.name} | {timing.median:.2f} | {timing.best:.2f} | {timing.peak_mb:.0f} "
        f"| {len(timing.samples)} |"
        for timing in timings
    ]
    head = ["| what | median s | min s | peak MB | rounds |", "|---|---|---|---|---|"]
    lines = [*head, *rows, ""] if rows else []
    lines += ["| check | value | limit | holds |", "|---|---|---|---|"]
    lines += [
        f"| {check.name} | {check.value:.2f} | {check.limit:g} "
        f"| {'yes' if check.holds else '**no**'} |"
        for check in checks
    ]
    lines += ["", *(f"- {note}" for note in notes)]
    lines += [f"- control: two busy processes took {spread:.2f} times one alone ({quiet})"]
    table = "\n".join(lines)
    print(table)
    if os.environ.get("BENCH_WRITE", "0") not in ("", "0"):
        _write(name, table)
    worst = max(checks, key=lambda check: (not check.holds, check.value / (check.limit or 1)))
    holds = all(check.holds for check in checks)
    line = {"name": name, "value": round(worst.value, 3), "limit": worst.limit, "holds": holds}
    print(json.dumps(line))
    return 0 if holds else 1


def say(text: str) -> None:
    """Progress, on stderr: the last line of stdout stays the JSON line."""
    print(text, file=sys.stderr, flush=True)


def _write(name: str, table: str) -> None:
    """Replace the section of `name` in RESULTS.md, which is made when absent."""
    head = "# Results\n\nWritten by `make bench`, never by hand.\n"
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else head
    rest = re.sub(rf"\n## {re.escape(name)}\n.*?(?=\n## |\Z)", "", text, flags=re.DOTALL)
    size = "small size" if QUICK else "full size"
    section = f"\n## {name}\n\n{time.strftime('%Y-%m-%d')}, {size}, {_machine()}.\n\n{table}\n"
    RESULTS.write_text(rest.rstrip("\n") + "\n" + section, encoding="utf-8")


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    info = Path("/proc/cpuinfo")
    model_name = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    model = model_name.group(1) if model_name else platform.machine()
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GB, {system}"
