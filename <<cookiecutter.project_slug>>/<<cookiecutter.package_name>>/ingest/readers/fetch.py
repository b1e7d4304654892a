"""Fetching remote files (https, s3, gs, az), and one clear error for what a server raises."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import ConfigError, DataError
from ...runtime.retries import TransientError

NOT_FOUND, TRY_LATER, SERVER_FAULT = 404, (408, 429), 500
UNREACHED = re.compile(r"error sending request|timed out|client error \(connect\)", re.IGNORECASE)
SCHEMES = (
    *("https", "http", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "hf"),
    *("ftp", "sftp", "ssh", "hdfs", "webhdfs"),
)


def check_scheme(address: str, label: str) -> None:
    """Refuse an address that is no remote one, such as a chain that ends on this disk.

    Raises:
        ConfigError: says which there are.
    """
    scheme = address.partition("://")[0].lower()
    chained = "::" in re.sub(r"\[[^]]*\]", "", address)  # in brackets it is a host
    if scheme not in SCHEMES or chained:
        raise ConfigError(
            f"{label} is an address of a kind that is not read; expected is a path, or one of "
            f"{', '.join(f'{name}://' for name in SCHEMES)}. Edit conf/data.",
            "config.address",
        )


def fetch(address: str, label: str, scratch: Path) -> tuple[list[str], list[Path]]:
    """The names of the files at an address (https, s3, gs, az …), and where they are now.

    They are downloaded to ``scratch`` in a stream, under numbers: their own names may be alike, or
    none that a file system takes. The libraries find credentials in the environment.

    Raises:
        DataError: nothing is there, or it is refused.
        TransientError: the server does not answer, or says that it cannot now.
    """
    try:
        return _download(address, scratch)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise read_error(label, error) from error


def read_error(label: str, error: Exception) -> DataError | TransientError:
    """The error of a server, a store or its library as one of this package's.

    Their texts may hold the address or what is secret in it, so only the kind is repeated.
    """
    import aiohttp

    status = _status(error)
    if status == NOT_FOUND or isinstance(error, FileNotFoundError):
        return DataError(
            f"nothing is at {label}. Fix the address in conf/data.", "data.missing_file"
        )
    if status:
        later = status in TRY_LATER or status >= SERVER_FAULT
        kind, code = (TransientError, "resource.http") if later else (DataError, "data.http")
        return kind(
            f"{label} was refused with HTTP {status}. Look at the server or the credentials.", code
        )
    network = (aiohttp.ClientError, TimeoutError, ConnectionError)
    if any(isinstance(cause, network) for cause in _causes(error)) or UNREACHED.search(str(error)):
        return TransientError(
            f"{label} cannot be reached ({type(error).__name__}). Look at the address and the "
            "network.",
            "resource.network",
        )
    missing = f": {error.name} is not installed" if isinstance(error, ImportError) else ""
    return DataError(
        f"{label} cannot be fetched ({type(error).__name__}{missing}). Look at the address and "
        "the credentials; s3, gs and az need the extra of that name.",
        "data.fetch",
    )


def _status(error: Exception) -> int | None:
    """The HTTP status of a response; polars has it in the text."""
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return error.status
    match = re.search(r"status code: (\d{3})", str(error))
    return int(match[1]) if match else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those behind it; a store's library wraps those of the network."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _download(address: str, scratch: Path) -> tuple[list[str], list[Path]]:
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
