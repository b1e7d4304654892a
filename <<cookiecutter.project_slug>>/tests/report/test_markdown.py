import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from <<cookiecutter.package_name>>.report.markdown import (
    JOINER,
    code,
    text,
)

from .hostile import HOSTILE, Tags

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def shown(value: str) -> str:
    """The value on one line of printable characters, as a reader should see it."""
    line = re.sub(r"\s+", " ", value)
    return "".join(char if char.isprintable() else "\ufffd" for char in line).strip()


def rendered(source: str) -> tuple[str, list[str]]:
    """The text that a reader sees, and the tags around it."""
    page = Tags(MARKDOWN.render(source))
    return page.text.replace(JOINER, "").strip(), [tag for tag, _ in page.tags]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_text_is_shown_as_it_is(value: str) -> None:
    assert rendered(f"{text(value)}\n") == (shown(value), ["p"] if shown(value) else [])


@pytest.mark.parametrize("value", HOSTILE)
def test_a_text_is_one_item_of_a_list(value: str) -> None:
    displayed, tags = rendered(f"- {text(value)}\n")
    assert (displayed, set(tags)) == (shown(value), {"ul", "li"})


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("escape", [text, code])
def test_a_cell_of_a_table_is_one_cell(escape, value: str) -> None:
    source = f"| a | b |\n|---|---|\n| {escape(value)} | {escape(value)} |\n"
    page = Tags(MARKDOWN.render(source))
    cells = [tag for tag, _ in page.tags if tag != "code"]
    assert cells == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert page.text.replace(JOINER, "").count(shown(value)) >= 2


@pytest.mark.parametrize("value", HOSTILE)
def test_code_is_one_span(value: str) -> None:
    assert rendered(f"x {code(value)}\n") == (f"x {shown(value)}".strip(), ["p", "code"])


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_is_left_that_github_makes_a_mention_or_a_link_of(value: str) -> None:
    """GitHub looks for them in the text of the page, when entities are characters again."""
    displayed = unescape(text(value))
    assert not re.search(r"@\w|#\d|https?://|www\.\w|GH-\d", displayed)


@pytest.mark.parametrize("name", ["temperature_f", "roc_auc", "my.metrics.cost", "größe", "a b"])
def test_plain_names_stay_readable_in_the_source(name: str) -> None:
    assert code(name) == f"`{name}`"
    assert text(name) == name


def test_a_long_value_is_cut() -> None:
    assert len(code("x" * 10_000)) < 300
