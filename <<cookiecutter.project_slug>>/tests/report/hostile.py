"""Names and values that try to be more than text, and how a page is read."""

from html.parser import HTMLParser

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</style></title><svg onload=alert(1)>",
    "a|b\\`c`* ![i](http://127.0.0.1:9/i.png) @org/team",
    "[x](javascript:alert(1)) <http://127.0.0.1:9/> http://127.0.0.1:9/ www.example.org",
    "``` ~~~ **b** _i_ __b__ #12 GH-3 org/repo#4 &lt; &#60; $x$",
    "a\\|b",
    "`",
    "1. one",
    "- two\n\n# three\r\n> four",
    "{{ 7 * 7 }}${7*7}",
    "__proto__",
    "=cmd|' /C calc'!A0",
    "\u202eevil\x00\x1b[31m",
    " ",
]


class Tags(HTMLParser):
    """All tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_inert(page: str, *, links: tuple[str, ...] = ()) -> None:
    """Nothing in the page may run or be fetched; it links to ``links`` alone."""
    for tag, attributes in Tags(page).tags:
        assert tag not in {"script", "img", "iframe", "object", "embed", "base", "form"}
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert tag != "a" or attributes["href"] in links
