"""A PostgreSQL server on loopback, gone at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres() -> Iterator[str | None]:
    """Its address; None where no server is installed (Debian: postgresql)."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        yield None
        return
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_user if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as place:
        if prefix:
            shutil.chown(place, "postgres")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        def quietly(name: str, *arguments: str) -> None:
            command = [*prefix, str(folders[-1] / name), "-D", f"{place}/db", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=place)

        quietly("initdb", "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1"
        quietly("pg_ctl", "-w", "-o", options, "-l", f"{place}/log", "start")
        try:
            yield f"postgresql://bench@127.0.0.1:{port}/postgres"
        finally:
            quietly("pg_ctl", "-w", "-m", "immediate", "stop")
