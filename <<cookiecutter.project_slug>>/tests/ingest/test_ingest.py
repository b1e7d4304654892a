"""The stage as a user runs it: parts, joins, addresses, kills."""

import gzip
import http.server
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.joins import joiner
from <<cookiecutter.package_name>>.runtime.artifacts import sha256_of

from ..conftest import ROOT
from .stage import INGESTED, command, ingest, ingested


def write(name: str, *rows: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("\n".join(("x,y", *rows, "")))


def parts() -> dict[str, int]:
    """Each part's name and inode: the same inode is the same file, not written again."""
    return {file.name: file.stat().st_ino for file in sorted(INGESTED.iterdir())}


def test_a_new_month_adds_a_part_and_the_table_is_as_if_all_were_read() -> None:
    source = "{kind: csv, path: raw/*.csv}"
    write("raw/2013-01.csv", "1,a")
    write("raw/2013-03.csv", "3,c")
    ingested(source)
    before = parts()
    write("raw/2013-02.csv", "2,b")
    ingested(source)
    after = parts()
    grown = sha256_of(INGESTED)
    Path("data/ingested.json").unlink()
    table = ingested(source)

    assert table["x"].to_list() == ["1", "2", "3"]
    assert [*after] == ["00000.parquet", "00001.parquet", "00002.parquet"]
    assert (after["00000.parquet"], after["00002.parquet"]) == tuple(before.values())
    assert sha256_of(INGESTED) == grown


@pytest.mark.parametrize("change", ["content", "column", "option", "part"])
def test_what_has_changed_is_read_again(change: str) -> None:
    write("raw/a.csv", "1,a")
    write("raw/b.csv", "2,b")
    ingested("{kind: csv, path: raw/*.csv}")
    option = ""
    if change == "content":
        write("raw/a.csv", "9,a")
    elif change == "column":
        Path("raw/b.csv").write_text("x,y,z\n2,b,c\n")
    elif change == "option":
        option = ", options: {null_values: ['1']}"
    else:
        (INGESTED / "00000.parquet").write_bytes(b"broken")
    ingested(f"{{kind: csv, path: raw/*.csv{option}}}")
    before = sha256_of(INGESTED)
    Path("data/ingested.json").unlink()
    table = ingested(f"{{kind: csv, path: raw/*.csv{option}}}")

    assert sha256_of(INGESTED) == before
    assert table.height == 2


def test_a_source_that_fails_leaves_the_last_table_and_tells_one_line(package: str) -> None:
    write("raw/a.csv", "1,a")
    ingested("{kind: csv, path: raw/*.csv}")
    before = sha256_of(INGESTED)
    write("raw/b.csv", "2")

    output = ingest(package, "{kind: csv, path: raw/*.csv}", code=3)

    assert "raw/b.csv, line 2: 1 fields" in output
    assert "Traceback" not in output
    assert sha256_of(INGESTED) == before
    assert [path.name for path in Path("data").glob(".*")] == []


def test_sources_without_rows_are_refused() -> None:
    write("raw/a.csv")

    with pytest.raises(DataError, match="no row"):
        ingested("{kind: csv, path: raw/a.csv}")


def test_sources_of_several_kinds_are_stacked_and_joined() -> None:
    write("raw/a.csv", "1,a", "2,b")
    Path("raw/b.ndjson").write_text('{"x": 3, "z": true}')
    pl.DataFrame({"x": [3, 1], "w": [30, 10]}).write_parquet("raw/right.parquet")
    right = "{kind: parquet, path: raw/right.parquet, join: {by: [x], cardinality: 'n:1'}}"

    stacked = "{kind: csv, path: raw/a.csv}, {kind: ndjson, path: raw/b.ndjson}"

    assert ingested(f"{stacked}, {right}").rows() == [
        ("1", "a", None, 10),
        ("2", "b", None, None),
        ("3", None, "true", 30),
    ]


@pytest.mark.parametrize(
    ("cardinality", "left", "right", "expected"),
    [
        ("n:1", [1, 1], [1, 1], "k=1 stands 2 times in r"),
        ("1:1", [1, 2], [2, 2, 2], "k=2 stands 3 times in r"),
        ("1:1", [1, 1], [1], "k=1 stands 2 times in the rows before it"),
        ("1:n", [3, 3], [3, 3], "k=3 stands 2 times in the rows before it"),
        ("n:1", [1, 1], [1, 2], None),
        ("1:n", [1, 2], [1, 1], None),
        ("1:1", [1, None, None], [1, None, None], None),
    ],
)
def test_the_cardinality_of_a_join_is_checked_with_an_example(
    cardinality: str, left: list[int], right: list[int], expected: str | None
) -> None:
    frames = pl.LazyFrame({"k": left}), pl.LazyFrame({"k": right, "w": right})
    if expected is None:
        joined = joiner(*frames, ["k"], cardinality, "r")(frames[0])
        assert joined.collect().height >= len(left)
    else:
        with pytest.raises(DataError, match=expected):
            joiner(*frames, ["k"], cardinality, "r")


@pytest.mark.parametrize(
    ("right", "expected"),
    [({"j": [1]}, "lacks the key k"), ({"k": [1], "v": [1]}, "both sides have v")],
)
def test_a_join_without_key_or_with_a_column_twice_is_refused(
    right: dict[str, Any], expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        joiner(pl.LazyFrame({"k": [1], "v": [1]}), pl.LazyFrame(right), ["k"], "n:1", "r")


class Answers(http.server.BaseHTTPRequestHandler):
    """Fails as its path says; the first request to /flaky.csv fails, the second does not."""

    seen: list[str]
    rows: int

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/")
        self.seen.append(name)
        status = int(name) if name.isdigit() else 200
        status = 503 if name == "flaky.csv" and self.seen.count(name) == 1 else status
        body = b"x,y\n" + b"1,a\n" * self.rows if status == 200 else b"sorry"
        self.send_response(status)
        if name == "packed.csv":
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body) + (9 if name == "cut.csv" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    Answers.seen, Answers.rows = [], 1
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_file_on_a_server_is_read_and_a_fault_that_passes_is_waited_out(web: str) -> None:
    source = f"{{kind: csv, path: '{web}/flaky.csv'}}"

    assert ingested(source, "data.retry_s=20").rows() == [("1", "a")]


def test_what_a_server_packs_is_unpacked_within_the_limits(web: str) -> None:
    source = f"{{kind: csv, path: '{web}/packed.csv'}}"

    assert ingested(source).rows() == [("1", "a")]
    Answers.rows = 300_000
    with pytest.raises(DataError, match=r"data\.limits\.unpacked_gb"):
        ingested(source, "data.limits.unpacked_gb=0.001")


@pytest.mark.parametrize(
    ("name", "code", "expected", "again"),
    [
        ("404", 3, "nothing is at", False),
        ("403", 3, "HTTP 403", False),
        ("500", 5, "HTTP 500", True),
        ("cut.csv", 5, "cannot be reached", True),
    ],
)
def test_a_server_that_refuses_is_told_and_asked_again_only_where_that_may_help(
    package: str, web: str, name: str, code: int, expected: str, again: bool
) -> None:
    secret = "-".join(("canary", "3f9a"))
    env = {"ADDRESS": f"{web}/{name}?sig={secret}"}
    source = "{kind: csv, uri_env: ADDRESS}"

    output = ingest(package, source, "data.retry_s=1.5", code=code, **env)

    assert expected in output
    assert "$ADDRESS" in output
    assert secret not in output
    assert "Traceback" not in output
    assert (len(Answers.seen) > 1) == again


def test_a_killed_run_leaves_nothing_in_the_way_of_the_next(package: str) -> None:
    rows = (f"{number},{number % 7}" for number in range(200_000))
    write("raw/a.csv", *rows)
    source = "{kind: csv, path: raw/a.csv}"
    started = time.monotonic()
    ingest(package, source)
    seconds = time.monotonic() - started
    good = sha256_of(INGESTED)
    chance = random.Random(1)
    for _ in range(3):
        Path("data/ingested.json").unlink(missing_ok=True)
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        child = subprocess.Popen(command(package, source), env=env, stderr=subprocess.DEVNULL)
        time.sleep(seconds * chance.uniform(0.3, 0.9))
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert sha256_of(INGESTED) == good
        ingested(source)
        assert sha256_of(INGESTED) == good
