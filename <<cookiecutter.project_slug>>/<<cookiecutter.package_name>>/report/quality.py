"""The data quality page: whether the data is fit for training, its columns and refused rows."""

from collections.abc import Mapping
from typing import Any

from .page import html, labels


def render(name: str, quality: Mapping[str, Any], max_quarantined: float) -> str:
    """The page in HTML.

    Args:
        name: of the project.
        quality: what ``validate.profile.profile_data`` returned, or the same read from JSON.
        max_quarantined: the share of all rows above which the pipeline stops.
    """
    columns = [_with_labels(column) for column in quality["columns"]]
    facts = {"name": name, "columns": columns, "max_quarantined": max_quarantined}
    return html("quality.html.j2", {**quality, **facts})


def _with_labels(column: dict[str, Any]) -> dict[str, Any]:
    shape = column["shape"]
    if not shape or "values" not in shape:
        return column
    texts, counts = zip(*shape["values"], strict=True) if shape["values"] else ((), ())
    labelled = zip(labels(list(texts)), texts, counts, strict=True)
    return {**column, "shape": {"values": [list(value) for value in labelled]}}
