"""The model card: one page that says what the model is, how good, and what to know before use."""

from typing import Any

import yaml
from markupsafe import Markup

from .page import markdown

KINDS = {"regression": "tabular-regression"}  # of Hugging Face's tasks, by ours; the others classify


def render(facts: dict[str, Any]) -> str:
    """The card in Markdown, with the front matter that Hugging Face's hub reads.

    Args:
        facts: what ``card.md.j2`` names; a missing one is an error.
    """
    return markdown("card.md.j2", facts | {"front_matter": _front_matter(facts)})


def _front_matter(facts: dict[str, Any]) -> Markup:
    """YAML without a license, which only the owner can give.

    See https://huggingface.co/docs/hub/model-cards#model-card-metadata.
    """
    target, metrics = facts["contract"]["target"], facts["metrics"]
    task = KINDS.get(str(target["task"]), "tabular-classification")
    measured = [{"type": name, "value": metrics[name]} for name in metrics["dummy"]]
    data = {"type": facts["name"], "name": f"{facts['name']}, test rows"}
    result = {"task": {"type": task}, "dataset": data, "metrics": measured}
    head = {
        "pipeline_tag": task,
        "tags": [str(facts["contract"]["estimator"])],
        "model-index": [{"name": facts["name"], "results": [result]}],
    }
    # Quoted on one line each, so that no text of the data can end the block.
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=float("inf"))
    return Markup(text.rstrip())  # noqa: S704 - YAML, not Markdown
