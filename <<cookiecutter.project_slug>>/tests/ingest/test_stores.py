"""Object stores: an S3 server on loopback, told of as a user tells it, by environment variables."""

import http.server
import io
import re
import shutil
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer

from <<cookiecutter.package_name>>.errors import DataError

from ..commands.conftest import project
from ..conftest import run
from .stage import INGESTED, ingest, ingested

SECRET = "-".join(("canary", "3f9a"))


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """The variables that lead to a server with a bucket of two tables, each in two files."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    env = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",  # polars asks for it
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }
    client = connected(env)
    for bucket in ("alike", "coded"):
        client.create_bucket(Bucket=bucket)
    client.create_bucket(Bucket="flights")
    for number in (1, 2):
        rows = pl.DataFrame({"x": [number], "y": ["ab"[number - 1]]})
        for name, content in (("csv", rows.write_csv().encode()), ("parquet", parquet(rows))):
            client.put_object(Bucket="flights", Key=f"{name}/{number}.{name}", Body=content)
    yield env
    server.stop()


@pytest.fixture
def here(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables stand in this process, too."""
    for name, value in server.items():
        monkeypatch.setenv(name, value)


def connected(env: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL"],
        aws_access_key_id="me",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


@pytest.fixture
def client(server: dict[str, str]) -> Any:
    return connected(server)


@contextmanager
def unsteady(env: dict[str, str], fails: range) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The variables that lead there by way of a proxy, and what it was asked for.

    Of its requests, those of these numbers end with 503.
    """
    asked: list[str] = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if len(asked) - 1 in fails:
                self.send_error(503)
                return
            request = urllib.request.Request(
                env["AWS_ENDPOINT_URL"] + self.path, headers=dict(self.headers), method=self.command
            )
            try:
                answer = urllib.request.urlopen(request)
            except urllib.error.HTTPError as error:
                answer = error
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())

        do_HEAD = do_GET  # noqa: N815 - its name in the library

        def log_message(self, *_: object) -> None:
            pass

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield env | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.server_port}"}, asked
    proxy.shutdown()


def parquet(rows: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    rows.write_parquet(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("csv", "1.csv", [("1", "a")]),
        ("csv", "*.csv", [("1", "a"), ("2", "b")]),
        ("parquet", "1.parquet", [(1, "a")]),
        ("parquet", "*.parquet", [(1, "a"), (2, "b")]),
        ("parquet", "", [(1, "a"), (2, "b")]),
    ],
)
@pytest.mark.usefixtures("here")
def test_tables_in_a_bucket_are_read(
    kind: str, name: str, expected: list[tuple[object, str]]
) -> None:
    table = ingested(f"{{kind: {kind}, path: 's3://flights/{kind}/{name}'}}")

    assert table.rows() == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2012/data.csv", "2013/data.csv"),
        ("a/Data.csv", "a/data.csv"),
        (f"a/{'n' * 300}.csv", f"b/{'n' * 300}.csv"),
        ("a b/ä&+%20;'.csv", "c/ä&+%20;'.csv"),
    ],
)
@pytest.mark.usefixtures("here")
def test_files_of_one_name_in_a_bucket_are_all_read_and_told_apart(
    client: Any, first: str, second: str
) -> None:
    for number, name in enumerate((first, second)):
        client.put_object(Bucket="alike", Key=name, Body=b"x\n%d\n" % number)
    named = ", options: {include_file_paths: file}"
    rows = ingested(f"{{kind: csv, path: 's3://alike/*/*.csv'{named}}}")
    for name in (first, second):
        client.delete_object(Bucket="alike", Key=name)

    assert rows["x"].sort().to_list() == ["0", "1"]
    assert rows["file"].n_unique() == 2


@pytest.mark.usefixtures("here")
def test_codes_in_names_of_folders_in_a_bucket_stay_text(client: Any) -> None:
    for code in ("01001", "2A001"):
        body = parquet(pl.DataFrame({"x": [1]}))
        client.put_object(Bucket="coded", Key=f"t/zip={code}/a.parquet", Body=body)

    for path in ("s3://coded/t/", "s3://coded/t/*/a.parquet"):
        rows = ingested(f"{{kind: parquet, path: '{path}'}}").rows()
        assert rows == [(1, "01001"), (1, "2A001")]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "path", ["s3://flights/none.x", "s3://flights/none/*.x", "s3://no/1.x", "s3://no/*.x"]
)
@pytest.mark.usefixtures("here")
def test_what_is_not_in_the_store_is_named(kind: str, path: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"nothing is at {path}")) as refused:
        ingested(f"{{kind: {kind}, path: '{path}'}}")

    assert SECRET not in refused.value.message


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_store_that_does_not_answer_may_answer_later(
    package: str, server: dict[str, str], kind: str
) -> None:
    away = server | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    output = ingest(package, f"{{kind: {kind}, path: 's3://flights/1.{kind}'}}", code=5, **away)

    assert "cannot be reached" in output
    assert SECRET not in output
    assert "Traceback" not in output


def test_a_store_that_fails_in_the_midst_of_a_table_is_asked_again(
    package: str, server: dict[str, str]
) -> None:
    path = "s3://flights/parquet/*.parquet"
    look = f"import polars; polars.scan_parquet('{path}').collect_schema()"
    with unsteady(server, range(0)) as (env, asked):
        run(Path.cwd(), sys.executable, "-c", look, **env)
    first = len(asked)
    with unsteady(server, range(first, first + 4)) as (env, asked):
        impatient = "options: {storage_options: {max_retries: 0}}"  # of polars itself
        source = f"{{kind: parquet, path: '{path}', {impatient}}}"
        output = ingest(package, source, "data.retry_s=60", **env)

    assert "retry" in output, output
    assert pl.read_parquet(INGESTED).rows() == [(1, "a"), (2, "b")]


def test_credentials_that_are_nowhere_are_asked_for(package: str) -> None:
    nowhere = {"GOOGLE_APPLICATION_CREDENTIALS": "none.json"}
    output = ingest(package, "{kind: parquet, path: 'gs://flights/1.parquet'}", code=3, **nowhere)

    assert "the credentials" in output
    assert "Traceback" not in output


def test_dvc_brings_back_from_a_bucket_what_is_lost_here(
    tmp_path: Path, server: dict[str, str]
) -> None:
    folder = project(tmp_path / "shared", stages=1)
    run(folder, "dvc", "repro")
    run(folder, "dvc", "remote", "add", "--default", "store", "s3://flights/dvc")
    run(folder, "dvc", "push", **server)
    shutil.rmtree(folder / ".dvc/cache")
    (folder / "out0").unlink()
    run(folder, "dvc", "pull", **server)

    assert (folder / "out0").read_text() == "out0" * 99
