"""Redaction of secrets, by their form and by the environment variables that hold them.

Configuration may hold none (see ``config/secrets.py``); what is logged, printed or recorded goes
through ``redact``. It masks forms (a password in an address, ``?sig=``, a bearer token), and the
values of the environment variables that the configuration names.
"""

import functools
import json
import os
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

MASK = "***"
SHORTEST = 6  # a value of fewer characters would hide ordinary words

_KEY = r"(?:api|access|account|secret|private|shared|signing|subscription|encryption)[-_]?key"
_SECRET_NAME = re.compile(
    r"[\w.-]*(?:password|passwd|passphrase|secret|credentials?|signature|authorization"
    rf"|connection[-_]?string|{_KEY})"
    r"|(?:[\w.-]*[-_.])?(?:pwd|sas|sig|jwt)"
    # words of tokenizers and of paged answers are no secrets
    r"|[\w.-]*(?<!(?:pad|unk|eos|bos|sep|cls|sos)[-_])(?<!(?:mask|next|page|stop)[-_])token",
    re.IGNORECASE,
)
_IN_QUERY = ("key", "auth")  # secrets as the parameters of an address, ordinary words elsewhere
_ASSIGNED = re.compile(r"(?<![\w.-])([\w.-]++)(=[\"']?|[\"']:\s*[\"'])([^\s&;#\"'<>]+)")
_FORMS = tuple(  # what the text must hold in lower case, and the form; no quantifier is unbounded
    (hint, re.compile(form, re.IGNORECASE))
    for hint, form in (
        # ://user:password@, and not the port of ://host:80/path@version
        ("@", r"(?<=://)[^\s/?#@:\"'<>]{0,200}:(?!\d{1,5}[/?#])[^\s\"'<>]{0,500}@"),
        ("@", r"(?<=http://)[^\s/?#@:\"'<>]{1,500}@"),  # ://token@
        ("@", r"(?<=https://)[^\s/?#@:\"'<>]{1,500}@"),
        ("sharedaccesssignature", r"\bSharedAccessSignature\s{1,9}\S{1,999}"),
        ("bearer", r"\bBearer\s{1,9}(?=\S{0,99}\d)[\w.~+/=-]{8,}+"),
        ("basic", r"\bBasic\s{1,9}(?=\S{0,99}[\d=])[\w+/=-]{8,}+"),
        ("eyj", r"\beyJ[\w-]{8,}+\.[\w-]{4,}+\.[\w-]*+"),  # a JSON web token
        (
            "",
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|sk-|AIza|ya29\.)"
            r"(?=[\w-]{0,99}\d)[\w-]{20,}+",
        ),
        ("hooks.slack.com/", r"(?<=hooks\.slack\.com)/\S+"),
        ("/api/webhooks/", r"(?<=/api/webhooks)/\S+"),
        ("private key-----", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*+"),
    )
)
_variables: set[str] = set()


def is_secret(text: str) -> bool:
    """Whether a value has the form of a secret, such as an address with a password."""
    return any(form.search(text) for form in _forms(text)) or any(
        _is_parameter(match) or (not match.start() and match[2] == "=" and names_secret(match[1]))
        for match in _ASSIGNED.finditer(text)
    )


def names_secret(name: str) -> bool:
    """Whether a key is one for secrets, such as ``password`` or ``aws_secret_access_key``."""
    return _SECRET_NAME.fullmatch(name) is not None


def hide_variables(names: Iterable[str]) -> None:
    """From now on, ``redact`` hides the values of these environment variables."""
    _variables.update(names)


def redact(text: str, address: str = "") -> str:
    """The text without secrets.

    Args:
        text: what is to be logged, printed or written.
        address: of a service; it is hidden with all its parameters, its password and the pieces
            that a driver makes of them.
    """
    values = {os.environ.get(name, "") for name in _variables}
    hidden = set().union(*(_variable_parts(value) for value in values if len(value) >= SHORTEST))
    for word in sorted(hidden | _address_parts(address), key=len, reverse=True):
        text = text.replace(word, MASK)
    for form in _forms(text):
        text = form.sub(lambda match: f"{MASK}@" if match[0].endswith("@") else MASK, text)
    return _ASSIGNED.sub(_mask, text) if "=" in text or ":" in text else text


def _forms(text: str) -> list[re.Pattern[str]]:
    lower = text.lower()
    return [form for hint, form in _FORMS if hint in lower]


def _mask(match: re.Match[str]) -> str:
    secret = names_secret(match[1]) or _is_parameter(match)
    return f"{match[1]}{match[2]}{MASK}" if secret else match[0]


def _is_parameter(match: re.Match[str]) -> bool:
    """Whether it is a secret's parameter in an address, or a part of a connection string."""
    before = match.string[max(match.start() - 1, 0) : match.start()]
    if match[2] != "=" or before not in ("?", "&", ";"):
        return False
    return names_secret(match[1]) or match[1].lower() in _IN_QUERY


@functools.lru_cache
def _variable_parts(value: str) -> frozenset[str]:
    """A variable's value and what is secret in it, in all the forms in which libraries write it."""
    _, _, rest = value.partition("://")
    place, _, query = rest.partition("?")
    parts = [value, *value.splitlines(), _password(value)]
    pairs = [pair for pair in re.split("[&;#]", query) if is_secret(f"?{pair}")]
    parts += [pair.partition("=")[2] for pair in pairs]
    parts += re.findall(r"(?<=/)(?=[^/]*\d)[\w-]{16,}", place)  # a webhook's address is its secret
    return _spellings(part for part in parts if len(part) >= SHORTEST)


@functools.lru_cache
def _address_parts(address: str) -> frozenset[str]:
    password = _password(address)
    pieces = [piece for piece in re.split(r"[:@/?#&=]", password) if len(piece) > 2]
    parameters = [value for _, value in parse_qsl(address.partition("?")[2])]
    return _spellings([address, password, *parameters, *pieces])


def _password(address: str) -> str:
    user = address.partition("://")[2].rpartition("@")[0]
    return user.partition(":")[2] or user


def _spellings(parts: Iterable[str]) -> frozenset[str]:
    bare = {form for part in parts for form in (part, unquote(part), unquote_plus(part))}
    quoted = {encode(form) for form in bare for encode in (quote, quote_plus, _quote_all)}
    escaped = {line[1:-1] for form in bare for line in (json.dumps(form), repr(form))}
    return frozenset((bare | quoted | escaped) - {""})


def _quote_all(text: str) -> str:
    return quote(text, safe="")
