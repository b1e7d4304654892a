"""A hard limit on a child's memory, by cgroup: over it the kernel kills the child."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.protocol import Command

V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


@contextmanager
def memory_limit(megabytes: int) -> Iterator[str | None]:
    """A cgroup for `within`; None where this user may make none."""
    root, file = (V1, "memory.limit_in_bytes") if V1.is_dir() else (V2, "memory.max")
    group = root / f"bench-{os.getpid()}"
    try:
        group.mkdir()
        (group / file).write_text(str(megabytes << 20))
    except OSError:
        if group.is_dir():
            group.rmdir()
        yield None
        return
    try:
        yield str(group)
    finally:
        group.rmdir()


def within(group: str, command: Command) -> Command:
    """The command, run inside of the group."""
    quoted = shlex.join(map(str, command))
    return ["sh", "-c", f"echo $$ > {shlex.quote(group)}/cgroup.procs && exec {quoted}"]
