"""Local files: one, those of a folder, or those that match a pattern.

What lies outside of the repository is read only where the configuration allows its folder, whatever
the path to it looks like: `..`, a link to a file or to a folder, `file://`.
"""

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ...config.data import Limits
from ...errors import DataError
from ...runtime.dvc.workspace import is_pointer, repository_root, untracked_hint

RECURSIVE = re.compile(r"(^|(?<=/))\*\*(/|$)")


class Files:
    """The files at a path of a source, none outside of the allowed folders."""

    def __init__(self, label: str, limits: Limits, *, secret: bool) -> None:
        self.label, self.secret = label, secret  # a secret path is in no message
        root = repository_root()
        allowed = [Path(), root, *(root / folder for folder in limits.folders)]
        self.allowed = [os.path.realpath(folder) for folder in allowed]

    def at(self, path: str) -> list[Path]:
        """The file, those of a folder and its folders, or those that match, in the order of names.

        A name that exists is no pattern. A folder that is reached twice, by a link, is read once.
        Of a folder, files of tools are left out: ``.name``, ``_name`` and those of `dvc add`.

        Raises:
            DataError: nothing is there, it is outside, or no regular file.
        """
        if os.path.isdir(path):  # noqa: PTH112 - takes any text, as the calls below
            names = [name for folder in self._folders(path, "._") for name in _data(folder)]
        elif os.path.lexists(path):
            names = [path]
        else:
            names = list(self._matching(_literal(path)))
        places: dict[tuple[str, str], Path] = {}
        for file in sorted(map(Path, names)):
            places.setdefault((os.path.realpath(file.parent), file.name), file)
        files = [file for file in places.values() if not file.is_dir()]
        for file in files:
            self._check(file)
        if not files:
            raise DataError(
                f"no file at {self.label!r}. Put the data there, or `dvc pull`, or edit conf/data."
                + ("" if self.secret else untracked_hint(path)),
                "data.missing_file",
            )
        return files

    def _check(self, file: Path) -> None:
        name = self.label if self.secret else str(file)
        try:
            str(file).encode()
        except UnicodeEncodeError:
            raise DataError(
                f"the name {name!a} is not in UTF-8. Rename the file.", "data.file_name"
            ) from None
        if not file.is_file():
            raise DataError(f"{name} is no regular file. Take it away.", "data.irregular_file")
        self.check_inside(file)

    def check_inside(self, path: str | Path) -> None:
        """Refuse a path that leads out of the repository.

        Raises:
            DataError: says where it leads, and how to allow that.
        """
        real = os.path.realpath(path)
        if not any(os.path.commonpath([real, folder]) == folder for folder in self.allowed):
            there = "" if real == str(path) else f" leads to {real}, which"
            name = self.label if self.secret else f"{path}{there}"
            raise DataError(
                f"{name} is outside of the repository. Bring the data into data/raw, or allow "
                "its folder: data.limits.folders in conf/data.",
                "data.outside",
            )

    def _folders(self, start: str, hidden: str = ".") -> Iterator[str]:
        """A folder and those below it, each once: links are followed, and may be loops."""
        seen: set[str] = set()
        for place, folders, _ in os.walk(start, followlinks=True, onerror=_fail):
            real = os.path.realpath(place)
            if real in seen:
                folders.clear()
                continue
            self.check_inside(place)
            seen.add(real)
            folders[:] = sorted(name for name in folders if name[0] not in hidden)
            yield place

    def _matching(self, pattern: str) -> Iterator[str]:
        recursive = RECURSIVE.search(pattern)
        if not recursive:
            yield from glob.iglob(pattern)  # noqa: PTH207 - takes absolute patterns
            return
        head, rest = pattern[: recursive.start()], pattern[recursive.end() :] or "*"
        for base in glob.iglob(head) if head else ["."]:  # noqa: PTH207
            for folder in self._folders(base):
                yield from self._matching(f"{glob.escape(folder).rstrip('/')}/{rest}")


def _literal(pattern: str) -> str:
    """The pattern, with those parts escaped that exist just as they are spelled."""
    prefix = ""
    for part in re.findall(r"[^/]*/|[^/]+", pattern):
        if glob.has_magic(part) and not os.path.lexists(prefix + part):
            return glob.escape(prefix) + pattern[len(prefix) :]
        prefix += part
    return glob.escape(pattern)


def _data(folder: str) -> list[str]:
    names = [name for name in os.listdir(folder) if not name.startswith((".", "_"))]  # noqa: PTH208
    return [os.path.join(folder, name) for name in names if not is_pointer(name)]  # noqa: PTH118


def _fail(error: OSError) -> None:
    raise error
