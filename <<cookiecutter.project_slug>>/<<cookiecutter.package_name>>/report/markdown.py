"""Escaping text for Markdown: it is displayed as it is, whatever it holds.

This is so in CommonMark, in GitHub's tables, and for what GitHub adds to plain text after that:
mentions, issue numbers and links (https://spec.commonmark.org/0.31.2/, https://github.github.com/gfm/).
"""

import re
from typing import Any

from markupsafe import Markup

LONGEST = 200  # characters of a value in a code span
JOINER = "\u2060"  # no width; it parts a mention or a link from the sign that starts it
_SPECIAL = re.compile(
    r"[\\`*{}\[\]<>|&~$!@#]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # emphasis; between two letters it is none
    r"|:(?=//)|(?<=www)\.|(?<=GH)-(?=\d)"  # GitHub's links
    r"|^[-+=]|^\d(?=\d*[.)](?:\s|$))",  # a list's mark, where a text begins a line
    re.IGNORECASE,
)
_PUNCTUATION = re.compile(r"[!-,./:-@\[-`{-~]")
_UNFIT_FOR_CODE = re.compile(r"[`|\\<>&]")


def text(value: Any) -> Markup:
    """A value inside a sentence, a list or a table's cell."""
    return Markup(_SPECIAL.sub(_escape, _one_line(value)))  # noqa: S704 - no sign is left


def code(value: Any) -> Markup:
    """A value as code: a column's name, a class, a rule."""
    line = _one_line(value)
    if len(line) > LONGEST:
        line = line[: LONGEST - 1] + "…"
    if line and line == line.strip() and not _UNFIT_FOR_CODE.search(line):
        return Markup(f"`{line}`")  # noqa: S704 - nothing in it ends the span or the cell
    return Markup(f"<code>{_PUNCTUATION.sub(_entity, line)}</code>")  # noqa: S704


def _one_line(value: Any) -> str:
    line = re.sub(r"\s+", " ", str(value))
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def _escape(match: re.Match[str]) -> str:
    return _entity(match) + (JOINER if match[0] in "@#:.-" else "")


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
