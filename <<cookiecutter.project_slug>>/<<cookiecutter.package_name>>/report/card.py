"""The model card: one page that says what the model is, how good, and what to know before use."""

from typing import Any

from .page import markdown


def render(facts: dict[str, Any]) -> str:
    """The card in Markdown.

    Args:
        facts: what ``card.md.j2`` names; a missing one is an error.
    """
    return markdown("card.md.j2", facts)
