"""The page about the data: whether it is fit to learn from, and what is in it."""

from collections.abc import Mapping
from typing import Any

from .page import html, labels


def render(name: str, quality: Mapping[str, Any], max_quarantined: float) -> str:
    """The page in HTML.

    Args:
        name: of the project.
        quality: what ``data.profile.describe`` returned, or the same read from JSON.
        max_quarantined: the share of all rows above which the pipeline stops.
    """
    columns = [_labelled(column) for column in quality["columns"]]
    facts = {"name": name, "columns": columns, "max_quarantined": max_quarantined}
    return html("quality.html.j2", {**quality, **facts})


def _labelled(column: dict[str, Any]) -> dict[str, Any]:
    shape = column["shape"]
    if not shape or "values" not in shape:
        return column
    texts, counts = zip(*shape["values"], strict=True) if shape["values"] else ((), ())
    named = zip(labels(list(texts)), texts, counts, strict=True)
    return {**column, "shape": {"values": [list(value) for value in named]}}
