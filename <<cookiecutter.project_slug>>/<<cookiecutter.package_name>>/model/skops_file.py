"""Files of skops: what scikit-learn fits, saved without pickle; nothing is loaded unchecked."""

import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .trust import trusted, unusable


def check(fitted: Any, own: Collection[str]) -> None:
    """Refuse what could not be saved, or not be loaded again.

    Raises:
        ModelError: it holds what cannot be written, or a type that is not trusted.
    """
    trusted(_dump(fitted), own, "the model")


def save(fitted: Any, file: Path, own: Collection[str]) -> None:
    """Write it; the same object gives the same bytes.

    Raises:
        ModelError: as ``check`` does.
    """
    saved = _dump(fitted)
    trusted(saved, own, "the model")
    file.write_bytes(_reproducible(saved))


def load(file: Path, own: Collection[str]) -> Any:
    """What ``save`` wrote; nothing of the file is imported before it is checked.

    Raises:
        ModelError: the file is missing or broken, or holds a type that is not trusted.
    """
    import skops.io

    holder = str(file.parent)
    try:
        saved = file.read_bytes()
    except OSError as error:
        raise unusable(holder, error) from error
    names = trusted(saved, own, holder)
    try:
        return skops.io.loads(saved, trusted=names)
    except Exception as error:  # all of it is of trusted types, but may lack any part
        raise unusable(holder, error) from error


def _dump(pipeline: Any) -> bytes:
    import skops.io

    try:
        return bytes(skops.io.dumps(pipeline))
    except Exception as error:  # an object of one's own may refuse by any error
        raise ModelError(
            f"the model cannot be saved: {error}. Keep what it learned in numbers, texts, lists "
            "and arrays.",
            "model.unsaved",
        ) from error


def _reproducible(saved: bytes) -> bytes:
    """The same archive without its traces of memory addresses and of the clock."""
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        schema = json.loads(archive.read("schema.json"))
        members = {n: archive.read(n) for n in archive.namelist() if n != "schema.json"}
    ids: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> Any:
        if isinstance(node, list):
            return [renumber(child) for child in node]
        if not isinstance(node, dict):
            return node
        node = {key: renumber(child) for key, child in node.items()}
        if isinstance(node.get("__id__"), int):
            node["__id__"] = ids.setdefault(node["__id__"], len(ids))
        if isinstance(node.get("file"), str) and node["file"] in members:
            suffix = Path(node["file"]).suffix
            node["file"] = files.setdefault(node["file"], f"{len(files)}{suffix}")
        return node

    renumbered = json.dumps(renumber(schema), indent=2)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("schema.json"), renumbered)
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), members[old])
    return buffer.getvalue()
