"""Packed files: what they may grow to, in bounded memory."""

import gzip
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from <<cookiecutter.package_name>>.config.data import Limits, Source
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.readers import decode
from <<cookiecutter.package_name>>.ingest.sources import (
    open_table,
    source_files,
)

from ..conftest import ROOT, run

ROWS = b"x,y\n" + b"1,a\n" * 500_000
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda text: gzip.compress(text, 9, mtime=0),
    "zstd": zstandard.compress,
    "gzip members": lambda text: gzip.compress(text, mtime=0) * 20,
    "zstd frames": lambda text: zstandard.compress(text) * 20,
}


def read(limits: Limits) -> int:
    """How many rows a file in.csv has."""
    (source_file,) = source_files(Source(kind="csv", path="in.csv"), Path("s"), limits)
    place = Path("scratch")
    place.mkdir(exist_ok=True)
    return open_table(source_file, place).rows.collect().height


@pytest.mark.parametrize("packer", PACKERS)
def test_a_file_that_unpacks_to_too_much_is_refused(
    packer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("in.csv").write_bytes(PACKERS[packer](ROWS))
    assert read(Limits()) >= 500_000  # small enough for any ratio
    with pytest.raises(DataError, match=r"allowed is 0\.001 GB.*data\.limits\.unpacked_gb"):
        read(Limits(unpacked_gb=0.001))
    monkeypatch.setattr(decode, "SMALL", 2**20)
    with pytest.raises(DataError, match=r"allowed is 10:1.*data\.limits\.unpacked_ratio"):
        read(Limits(unpacked_ratio=10))

    assert read(Limits(unpacked_ratio=1e6)) >= 500_000
    assert Path("scratch/decoded").stat().st_size >= len(ROWS)


def test_a_file_that_is_not_packed_may_be_larger() -> None:
    Path("in.csv").write_bytes(ROWS)
    assert read(Limits(unpacked_gb=0.001)) == 500_000


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_bomb_is_refused_in_bounded_memory_and_space(package: str, packer: str) -> None:
    if packer == "zstd":
        stream = zstandard.ZstdCompressor(level=19).compressobj()
        parts = [stream.compress(bytes(2**24)) for _ in range(64)] + [stream.flush()]
        content = b"".join(parts) * 6  # 0.2 MB are 6.4 GB
    else:
        content = gzip.compress(bytes(2**26)) * 32  # 2 MB are 2.1 GB
    Path("in.csv").write_bytes(content)
    Path("read.py").write_text(
        "from pathlib import Path\n"
        f"from {package}.ingest.sources import open_table, source_files\n"
        f"from {package}.config.data import Source\n"
        "(source_file,) = source_files(Source(kind='csv', path='in.csv'), Path('s'))\n"
        "try:\n"
        "    open_table(source_file, Path('s'))\n"
        "except Exception as error:\n"
        "    status = Path('/proc/self/status').read_text()\n"
        "    print(error.code, status.partition('VmHWM:')[2].split()[0])\n"
    )
    Path("s").mkdir()

    code, kilobytes = run(Path.cwd(), sys.executable, "read.py", PYTHONPATH=str(ROOT)).split()

    assert code == "data.unpacked"
    assert int(kilobytes) < 500_000
    assert Path("s/decoded").stat().st_size < 2 * decode.SMALL


def test_a_frame_that_asks_for_too_much_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    stream = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    Path("in.csv").write_bytes(stream.compress(ROWS) + stream.flush())

    with pytest.raises(DataError, match="window of more than 128 MB"):
        read(Limits())


PACKED_AGAIN = {
    "gzip twice": gzip.compress(gzip.compress(ROWS)),
    "gzip in zstd": zstandard.compress(gzip.compress(ROWS)),
    "zstd in gzip": gzip.compress(zstandard.compress(ROWS)),
    "begins as zlib in gzip": gzip.compress(b"x^y\n1^a\n"),
    "zlib, fast": zlib.compress(ROWS, 1),
    "zlib": zlib.compress(ROWS, 5),
    "zlib, small": zlib.compress(ROWS, 9),
}


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
@pytest.mark.parametrize("packed", PACKED_AGAIN)
def test_what_polars_would_unpack_by_itself_is_refused(kind: str, packed: str) -> None:
    Path("in").write_bytes(PACKED_AGAIN[packed])
    Path("s").mkdir()
    (source_file,) = source_files(Source(kind=kind, path="in"), Path("s"))
    with pytest.raises(DataError, match=r"packed|not in utf-8"):
        open_table(source_file, Path("s"))
