"""A run that fails, in whatever way, writes a secret of its environment nowhere."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ..conftest import copy_of, copy_repository, edit, run

pytestmark = pytest.mark.pipeline
CANARY = "-".join(("canary", "5b1c"))  # in two parts, for this file is copied too
READER = """
import logging
import os
import warnings

def read(source, scratch):
    logging.getLogger("own").warning("reading %s", os.environ["ADDRESS"])
    warnings.warn(os.environ["ADDRESS"])
    raise RuntimeError("cannot read " + os.environ["ADDRESS"])
"""


OWN = (
    "data.sources=[{kind: PACKAGE.own.readers.read, path: data/raw/rides.parquet, "
    "options: {own_env: ADDRESS}}]"
)


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory, package: str) -> Path:
    """A repository with params.yaml, for copies."""
    folder = copy_repository(tmp_path_factory.mktemp("secrets") / "a copy")
    (folder / package / "own/readers.py").write_text(READER)
    run(folder, "python", "-m", f"{package}.stages.compose")
    return folder


@pytest.fixture
def folder(composed: Path, tmp_path: Path) -> Path:
    return copy_of(composed, tmp_path / "a copy")


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    class Closed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Closed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def written(folder: Path) -> list[str]:
    """The files that hold the canary; objects of git, unpacked, are one of them."""
    objects = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch"],
        cwd=folder,
        capture_output=True,
        check=True,
    ).stdout
    holding = [
        path
        for place, _, files in os.walk(folder)
        for path in (Path(place, name) for name in files)
        if CANARY.encode() in path.read_bytes()
    ]
    return [str(path) for path in holding] + ["git"] * (CANARY.encode() in objects)


@pytest.mark.parametrize(
    ("stage", "overrides", "address", "code"),
    [
        (
            "ingest",
            ["data.sources=[{kind: parquet, uri_env: ADDRESS}]"],
            "http://{web}/f?sig={}",
            3,
        ),
        ("ingest", ["data.sources=[{kind: parquet, uri_env: ADDRESS}]"], "http://u:{}@{web}/f", 3),
        (
            "ingest",
            ["data.sources=[{kind: sql, uri_env: ADDRESS, table: t}]", "data.retry_s=0"],
            "postgresql://u:a%2Fb{}@127.0.0.1:9/x",
            5,
        ),
        ("ingest", [OWN], "{}", 3),
        ("ingest", ["-m", "seed=1,2", OWN], "http://u:q'uo\"te{}@h/x", 3),
        ("ingest", ["name='http://u:{}@h/x'"], "", 2),
        ("ingest", ["-m", "name='http://u:{}@h/x',b"], "", 2),
        ("ingest", ["name=${oc.env:ADDRESS}"], "{}", 2),
        ("ingest", ["+hydra.job.env_set.A=${oc.env:ADDRESS}"], "{}", 2),
    ],
)
def test_a_stage_by_hand(
    folder: Path,
    package: str,
    web: str,
    stage: str,
    overrides: list[str],
    address: str,
    code: int,
) -> None:
    filled = [part.replace("PACKAGE", package).replace("{}", CANARY) for part in overrides]
    env = {"ADDRESS": address.replace("{web}", web).replace("{}", CANARY)}
    output = run(folder, "python", "-m", f"{package}.stages.{stage}", *filled, code=code, **env)

    assert CANARY not in output
    assert written(folder) == []


def test_a_server_of_mlflow_that_is_dead(folder: Path, package: str) -> None:
    command = f"""
from {package}.config import load
from {package}.runtime import logs, stage, tracking
from hydra import compose, initialize_config_dir
with initialize_config_dir({str(folder / "conf")!r}):
    config = load(compose("config", ["tracking=server"]))
logs.configure(stage="track")
uri = tracking.tracking_uri("server", "MLFLOW_TRACKING_URI")
with stage.exit_on_error(), tracking.store(uri) as c:
    c.create_experiment("x")
"""
    env = {"MLFLOW_TRACKING_URI": f"http://me:{CANARY}@127.0.0.1:9"}
    output = run(folder, "python", "-c", command, code=5, **env)

    assert "127.0.0.1" in output
    assert CANARY not in output


@pytest.mark.parametrize(
    "override", ["name=${oc.env:ADDRESS}", "name='http://u:{}@h'", "nothere='http://u:{}@h'"]
)
@pytest.mark.parametrize("how", [[], ["--temp"], ["--queue"]])
def test_an_experiment_is_refused_before_anything_is_written(
    folder: Path, override: str, how: list[str]
) -> None:
    parameters = (folder / "params.yaml").read_bytes()
    command = ["dvc", "exp", "run", *how, "-S", override.replace("{}", CANARY), "compose"]
    output = run(folder, *command, code=255, ADDRESS=CANARY)

    assert "variable" in output
    assert CANARY not in output
    assert written(folder) == []
    assert (folder / "params.yaml").read_bytes() == parameters


def test_a_secret_in_conf_is_not_composed(folder: Path, package: str) -> None:
    address = f"'https://h/x?access_token={CANARY}'"
    edit(folder / "conf/data/rides.yaml", "data/raw/rides.parquet", address)
    for command in (["dvc", "exp", "run"], ["dvc", "repro"]):
        output = run(folder, *command, "compose", code=255)
        assert "data.sources.0.path holds" in output
        assert CANARY not in output
    output = run(folder, "python", "-m", f"{package}.stages.ingest", code=2)

    assert CANARY not in output
    edit(folder / "conf/data/rides.yaml", address, "data/raw/rides.parquet")
    assert set(written(folder)) <= {"git"}  # where DVC puts the edited file itself, by `git stash`
