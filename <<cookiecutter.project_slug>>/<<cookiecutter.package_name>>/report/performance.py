"""The page about performance: whether the model is as good as promised, by labels that came."""

from collections.abc import Mapping
from typing import Any

from .page import markdown

TITLES = {
    "fell": "Act: performance has fallen",
    "holds": "Performance holds",
    "unclear": "Performance: too few labels to tell",
    "unknown": "Performance is not known: no labels",
}
FILES = 12  # of which all metrics are listed


def page(report: Mapping[str, Any]) -> str:
    """The page in Markdown.

    Args:
        report: what ``monitor.performance.describe`` returned, or the same read from JSON.
    """
    title = TITLES[report["verdict"]]
    return markdown("performance.md.j2", {**report, "title": title, "most": FILES})
