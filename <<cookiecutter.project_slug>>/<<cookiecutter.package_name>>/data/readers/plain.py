"""Files as plain UTF-8 on this machine, whatever they are packed in or wherever they lie."""

import codecs
import errno
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ...errors import ConfigError, DataError
from ...runtime.retries import TransientError
from ..tables import Unit

CHUNK = 1 << 20
PIECE = 1 << 11  # of zstd: each of its 4 bytes may become 128 KB in memory
WINDOW = 1 << 27  # bytes of memory that a frame of zstd may ask for; what its tools take too
SMALL = 1 << 28  # bytes; a file that unpacks to less may have any ratio
NOT_FOUND, TRY_LATER, SERVER_FAULT = 404, (408, 429), 500
UNREACHED = re.compile(r"error sending request|timed out|client error \(connect\)", re.IGNORECASE)
SCHEMES = (
    *("https", "http", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "hf"),
    *("ftp", "sftp", "ssh", "hdfs", "webhdfs"),
)
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")  # polars unpacks all of these by itself, unbounded
WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def as_utf8(unit: Unit, scratch: Path) -> Path:
    """The unit's file, or a copy of it in ``scratch``, unpacked and in UTF-8.

    ``options.encoding`` names what it is written in, as Python calls it.

    Raises:
        DataError: it is cut off, packed otherwise, not in that encoding, or unpacks to more than
            ``unit.limits`` allow.
        LookupError: Python knows no such encoding of text.
    """
    file, encoding = unit.file, str(unit.options.get("encoding", "utf-8"))
    with file.open("rb") as handle:
        start = handle.read(4)
    if start.startswith(ZIP):
        raise DataError(
            f"{unit.shown} is a zip archive; expected is text, or text packed by gzip or zstd. "
            "Unpack it.",
            "data.unreadable",
        )
    "".encode(encoding)  # some codecs, such as bz2, are none of text
    same = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    if same and not start.startswith((GZIP, ZSTD)):
        if start[:2] in WIDE:
            raise DataError(
                f"{unit.shown} begins as UTF-16 does, and was read as UTF-8. "
                "Set options.encoding: utf-16.",
                "data.encoding",
            )
        _refuse_packed(unit, start)
        _refuse_nul(unit)
        return file
    plain = scratch / "plain"
    with plain.open("wb") as out:
        for text in _decoded(unit, encoding):
            out.write(text)
    with plain.open("rb") as handle:
        _refuse_packed(unit, handle.read(4))
    return plain


def _refuse_packed(unit: Unit, start: bytes) -> None:
    if start.startswith((GZIP, ZSTD, ZIP, *ZLIB)):
        raise DataError(
            f"{unit.shown} begins as packed data does, twice packed or by zlib; expected is text, "
            "or text packed once by gzip or zstd. Unpack it.",
            "data.unreadable",
        )


def _decoded(unit: Unit, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    try:
        with unit.file.open("rb") as handle:
            for chunk in _unpacked(unit, handle):
                text = decoder.decode(chunk)
                lines += text.count("\n")
                yield text.encode()
            yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        where = lines
        if isinstance(error, UnicodeDecodeError):
            where += error.object[: error.start].count(b"\n")
        raise DataError(
            f"{unit.shown}, line {where}: not in {encoding}. Set options.encoding to what the "
            "file is written in.",
            "data.encoding",
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        if "too much memory" in str(error):
            raise DataError(
                f"{unit.shown} is packed by zstd with a window of more than {WINDOW >> 20} MB. "
                "Pack it again without --long and --ultra.",
                "data.unpacked",
            ) from error
        raise DataError(
            f"{unit.shown} is cut off or damaged: it cannot be unpacked after line {lines}. "
            "Fetch it again.",
            "data.unreadable",
        ) from error


def _bounded(unit: Unit, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, until they are more than the limits allow: what is packed may be a trap."""
    packed, limits, size = unit.file.stat().st_size, unit.limits, 0
    for chunk in chunks:
        size += len(chunk)
        too_large = size > limits.unpacked_gb * 1e9
        if too_large or size > max(SMALL, packed * limits.unpacked_ratio):
            allowed = f"{limits.unpacked_gb:g} GB" if too_large else f"{limits.unpacked_ratio:g}:1"
            key = "unpacked_gb" if too_large else "unpacked_ratio"
            raise DataError(
                f"{unit.shown}: {packed / 1e6:.3g} MB unpack to more than {size / 1e6:.3g} MB; "
                f"allowed is {allowed}. If you trust the file, raise data.limits.{key}.",
                "data.unpacked",
            )
        yield chunk


def _unpacked(unit: Unit, handle: IO[bytes]) -> Iterator[bytes]:
    start = handle.read(4)
    handle.seek(0)
    if start.startswith(ZSTD):
        return _bounded(unit, _unzstd(handle))
    if start.startswith(GZIP):
        return _bounded(unit, _chunks(gzip.GzipFile(fileobj=handle)))
    return _chunks(handle)


def _chunks(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _unzstd(handle: IO[bytes]) -> Iterator[bytes]:
    import zstandard

    unpacker, left = None, b""
    while chunk := left or handle.read(PIECE):
        unpacker = unpacker or zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        try:
            yield unpacker.decompress(chunk)
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from error
        left = unpacker.unused_data if unpacker.eof else b""
        unpacker = None if unpacker.eof else unpacker
    if unpacker is not None:
        raise EOFError("the last frame has no end")


def _refuse_nul(unit: Unit) -> None:
    """A block of zeros is what a crash or a full disk leaves; no text holds it."""
    before = 0
    with unit.file.open("rb", buffering=0) as handle:
        while chunk := handle.read(CHUNK):
            if b"\0" in chunk:
                where = _line(unit.file, before + chunk.index(b"\0"))
                raise DataError(
                    f"{unit.shown}, line {where}: a NUL byte, which no text holds. The file is "
                    "damaged, or in UTF-16: then set options.encoding: utf-16.",
                    "data.nul",
                )
            before += len(chunk)


def _line(file: Path, position: int) -> int:
    """The number of the line that a byte is in."""
    lines = 1
    with file.open("rb") as handle:
        while position and (chunk := handle.read(min(CHUNK, position))):
            lines += chunk.count(b"\n")
            position -= len(chunk)
    return lines


def check_scheme(address: str, shown: str) -> None:
    """Refuse an address that is none of a place far away, such as a chain that ends on this disk.

    Raises:
        ConfigError: says which there are.
    """
    scheme = address.partition("://")[0].lower()
    chained = "::" in re.sub(r"\[[^]]*\]", "", address)  # in brackets it is a host
    if scheme not in SCHEMES or chained:
        raise ConfigError(
            f"{shown} is an address of a kind that is not read; expected is a path, or one of "
            f"{', '.join(f'{name}://' for name in SCHEMES)}. Edit conf/data.",
            "config.address",
        )


def fetch(address: str, shown: str, scratch: Path) -> tuple[list[str], list[Path]]:
    """The names of the files at an address (https, s3, gs, az …), and where they are now.

    They are brought into ``scratch`` in a stream, under numbers: their own names may be alike, or
    none that a file system takes. The libraries find credentials in the environment.

    Raises:
        DataError: nothing is there, or it is refused.
        TransientError: the server does not answer, or says that it cannot now.
    """
    try:
        return _fetched(address, scratch)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise refused(shown, error) from error


def refused(shown: str, error: Exception) -> DataError | TransientError:
    """What a server, a store or its library raised, as one of ours.

    Each has errors of its own, which may tell the address or what is secret in it: only the kind is
    told on.
    """
    import aiohttp

    status = _status(error)
    if status == NOT_FOUND or isinstance(error, FileNotFoundError):
        return DataError(
            f"nothing is at {shown}. Fix the address in conf/data.", "data.missing_file"
        )
    if status:
        later = status in TRY_LATER or status >= SERVER_FAULT
        kind, code = (TransientError, "resource.http") if later else (DataError, "data.http")
        return kind(
            f"{shown} was refused with HTTP {status}. Look at the server or the credentials.", code
        )
    network = (aiohttp.ClientError, TimeoutError, ConnectionError)
    if any(isinstance(cause, network) for cause in _causes(error)) or UNREACHED.search(str(error)):
        return TransientError(
            f"{shown} cannot be reached ({type(error).__name__}). Look at the address and the "
            "network.",
            "resource.network",
        )
    missing = f": {error.name} is not installed" if isinstance(error, ImportError) else ""
    return DataError(
        f"{shown} cannot be fetched ({type(error).__name__}{missing}). Look at the address and "
        "the credentials; s3, gs and az need the extra of that name.",
        "data.fetch",
    )


def _status(error: Exception) -> int | None:
    """The code of an answer of HTTP; polars tells it in the text."""
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return error.status
    told = re.search(r"status code: (\d{3})", str(error))
    return int(told[1]) if told else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those behind it; a store's library wraps what the network told it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _fetched(address: str, scratch: Path) -> tuple[list[str], list[Path]]:
    import aiohttp
    import fsspec

    web = address.partition("://")[0].lower() in ("http", "https")
    limits = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
    as_it_is = {"headers": {"Accept-Encoding": "identity"}, "auto_decompress": False}  # no bombs
    extra = {"client_kwargs": {"timeout": limits, **as_it_is}} if web else {}
    system, place = fsspec.url_to_fs(address, skip_instance_cache=True, **extra)
    names = [place]
    if not web and "*" in place:
        listed = system.glob(place, detail=True)
        names = sorted(name for name, info in listed.items() if info["type"] == "file")
    files = []
    for number, name in enumerate(names):
        ending = re.search(r"\.\w{1,9}$", name.partition("?")[0], re.ASCII)
        files.append(scratch / f"{number:06}{ending[0] if ending else ''}")
        system.get_file(name, str(files[-1]))
    if not files:
        raise FileNotFoundError
    return names, files
