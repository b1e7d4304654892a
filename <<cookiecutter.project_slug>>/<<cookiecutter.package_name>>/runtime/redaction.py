"""Secrets: what they look like, and text without them.

Configuration may hold none (see ``config.py``); whatever is logged, printed or recorded goes
through ``redact``. It knows forms (a password in an address, ``?sig=``, a bearer token), and the
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
_NAME = (
    r"(?:[\w.-]*(?:password|passwd|passphrase|secret|credentials?|signature|authorization"
    rf"|connection[-_]?string|{_KEY})"
    r"|(?:[\w.-]*[-_.])?(?:pwd|sas|sig|jwt)"
    # words of tokenizers and of paged answers are no secrets
    r"|[\w.-]*(?<!(?:pad|unk|eos|bos|sep|cls|sos)[-_])(?<!(?:mask|next|page|stop)[-_])token)"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_FORMS = (
    # ://user:password@, and not the port of ://host:80/path@version
    r"(?<=://)[^\s/?#@:\"'<>]*:(?!\d+[/?#])[^\s\"'<>]*@",
    r"(?<=http://)[^\s/?#@:\"'<>]+@",  # ://token@
    r"(?<=https://)[^\s/?#@:\"'<>]+@",
    rf"(?<=[?&;])(?:{_NAME}|key|auth)=[^\s&;#\"'<>]+",  # of an address, of a connection string
    rf"^{_NAME}=[^\s&;#\"'<>]+",
    r"\bSharedAccessSignature\s+\S+",
    r"\bBearer\s+(?=\S*\d)[\w.~+/=-]{8,}",
    r"\bBasic\s+(?=\S*[\d=])[\w+/=-]{8,}",
    r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*",  # a JSON web token
    r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|sk-|AIza|ya29\.)(?=[\w-]*\d)[\w-]{20,}",
    r"(?<=hooks\.slack\.com)/\S+",
    r"(?<=/api/webhooks)/\S+",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
)
_FORM = re.compile("|".join(_FORMS), re.IGNORECASE)
_ASSIGNED = re.compile(  # in what a library prints: password='…', "api_key": "…"
    rf"(?<![\w.-])({_NAME}(?:=[\"']?|[\"']:\s*[\"']))[^\s&;#,\"'<>)}}\]]+", re.IGNORECASE
)
_variables: set[str] = set()


def is_secret(text: str) -> bool:
    """Whether a value has the form of a secret, such as an address with a password."""
    return _FORM.search(text) is not None


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
    hidden = set().union(*(_parts(value) for value in values if len(value) >= SHORTEST))
    for word in sorted(hidden | _pieces(address), key=len, reverse=True):
        text = text.replace(word, MASK)
    text = _FORM.sub(lambda form: f"{MASK}@" if form[0].endswith("@") else MASK, text)
    return _ASSIGNED.sub(rf"\1{MASK}", text)


@functools.lru_cache
def _parts(value: str) -> frozenset[str]:
    """A variable's value and what is secret in it, in all the forms in which libraries write it."""
    _, _, rest = value.partition("://")
    place, _, query = rest.partition("?")
    parts = [value, *value.splitlines(), _password(value)]
    parts += [given for name, given in parse_qsl(query) if is_secret(f"?{name}={given}")]
    parts += re.findall(r"(?<=/)(?=[^/]*\d)[\w-]{16,}", place)  # a webhook's address is its secret
    return _written(part for part in parts if len(part) >= SHORTEST)


@functools.lru_cache
def _pieces(address: str) -> frozenset[str]:
    password = _password(address)
    pieces = [piece for piece in re.split(r"[:@/?#&=]", password) if len(piece) > 2]
    given = [value for _, value in parse_qsl(address.partition("?")[2])]
    return _written([address, password, *given, *pieces])


def _password(address: str) -> str:
    who = address.partition("://")[2].rpartition("@")[0]
    return who.partition(":")[2] or who


def _written(parts: Iterable[str]) -> frozenset[str]:
    plain = {form for part in parts for form in (part, unquote(part), unquote_plus(part))}
    coded = {code(form) for form in plain for code in (quote, quote_plus, _all_quoted)}
    escaped = {line[1:-1] for form in plain for line in (json.dumps(form), repr(form))}
    return frozenset((plain | coded | escaped) - {""})


def _all_quoted(text: str) -> str:
    return quote(text, safe="")
