"""Text files as UTF-8: decompressed within limits, and decoded."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ...errors import DataError
from ..tables import SourceFile

CHUNK = 1 << 20
PIECE = 1 << 11  # of zstd: each of its 4 bytes may become 128 KB in memory
WINDOW = 1 << 27  # bytes of memory that a frame of zstd may ask for; what its tools take too
SMALL = 1 << 28  # bytes; a file that unpacks to less may have any ratio
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")  # polars unpacks all of these by itself, unbounded
WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def as_utf8(source: SourceFile, scratch: Path) -> Path:
    """The source file's file, or a copy of it in ``scratch``, unpacked and in UTF-8.

    ``options.encoding`` names what it is written in, as Python calls it.

    Raises:
        DataError: it is cut off, packed otherwise, not in that encoding, or unpacks to more than
            ``source.limits`` allow.
        LookupError: Python knows no such encoding of text.
    """
    file, encoding = source.file, str(source.options.get("encoding", "utf-8"))
    with file.open("rb") as handle:
        start = handle.read(4)
    if start.startswith(ZIP):
        raise DataError(
            f"{source.label} is a zip archive; expected is text, or text packed by gzip or zstd. "
            "Unpack it.",
            "data.unreadable",
        )
    "".encode(encoding)  # some codecs, such as bz2, are none of text
    same = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    if same and not start.startswith((GZIP, ZSTD)):
        if start[:2] in WIDE:
            raise DataError(
                f"{source.label} begins as UTF-16 does, and was read as UTF-8. "
                "Set options.encoding: utf-16.",
                "data.encoding",
            )
        _refuse_packed(source, start)
        _refuse_nul(source)
        return file
    decoded = scratch / "decoded"
    with decoded.open("wb") as out:
        for text in _decode(source, encoding):
            out.write(text)
    with decoded.open("rb") as handle:
        _refuse_packed(source, handle.read(4))
    return decoded


def _refuse_packed(source: SourceFile, start: bytes) -> None:
    if start.startswith((GZIP, ZSTD, ZIP, *ZLIB)):
        raise DataError(
            f"{source.label} begins as packed data does, twice packed or by zlib; expected is "
            "text, or text packed once by gzip or zstd. Unpack it.",
            "data.unreadable",
        )


def _decode(source: SourceFile, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    try:
        with source.file.open("rb") as handle:
            for chunk in _unpack(source, handle):
                text = decoder.decode(chunk)
                lines += text.count("\n")
                yield text.encode()
            yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        line = lines
        if isinstance(error, UnicodeDecodeError):
            line += error.object[: error.start].count(b"\n")
        raise DataError(
            f"{source.label}, line {line}: not in {encoding}. Set options.encoding to what the "
            "file is written in.",
            "data.encoding",
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        if "too much memory" in str(error):
            raise DataError(
                f"{source.label} is packed by zstd with a window of more than {WINDOW >> 20} MB. "
                "Pack it again without --long and --ultra.",
                "data.unpacked",
            ) from error
        raise DataError(
            f"{source.label} is cut off or damaged: it cannot be unpacked after line {lines}. "
            "Fetch it again.",
            "data.unreadable",
        ) from error


def _bounded(source: SourceFile, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks; DataError once they are more than the limits allow: it may be a bomb."""
    packed, limits, size = source.file.stat().st_size, source.limits, 0
    for chunk in chunks:
        size += len(chunk)
        too_large = size > limits.unpacked_gb * 1e9
        if too_large or size > max(SMALL, packed * limits.unpacked_ratio):
            allowed = f"{limits.unpacked_gb:g} GB" if too_large else f"{limits.unpacked_ratio:g}:1"
            key = "unpacked_gb" if too_large else "unpacked_ratio"
            raise DataError(
                f"{source.label}: {packed / 1e6:.3g} MB unpack to more than {size / 1e6:.3g} MB; "
                f"allowed is {allowed}. If you trust the file, raise data.limits.{key}.",
                "data.unpacked",
            )
        yield chunk


def _unpack(source: SourceFile, handle: IO[bytes]) -> Iterator[bytes]:
    start = handle.read(4)
    handle.seek(0)
    if start.startswith(ZSTD):
        return _bounded(source, _unpack_zstd(handle))
    if start.startswith(GZIP):
        return _bounded(source, _chunks(gzip.GzipFile(fileobj=handle)))
    return _chunks(handle)


def _chunks(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _unpack_zstd(handle: IO[bytes]) -> Iterator[bytes]:
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


def _refuse_nul(source: SourceFile) -> None:
    """A block of zeros is what a crash or a full disk leaves; no text holds it."""
    before = 0
    with source.file.open("rb", buffering=0) as handle:
        while chunk := handle.read(CHUNK):
            if b"\0" in chunk:
                line = _line(source.file, before + chunk.index(b"\0"))
                raise DataError(
                    f"{source.label}, line {line}: a NUL byte, which no text holds. The file is "
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
