"""The rules that answers must keep; cookiecutter checks them before it writes anything.

A Jinja extension, because a `pre_gen_project` hook would come too late: by then cookiecutter has
made the project's folder, wherever an answer such as `../elsewhere` put it.
"""

import datetime
import json
import keyword
import re
import sys
from pathlib import Path
from typing import Any

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

ROOT = Path(__file__).parents[1]
(TEMPLATE,) = ROOT.glob("*project_slug*")
DEFAULTS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8")).values()
REFERENCE = re.compile(r"<< ?cookiecutter\.[a-z]\w* ?>>")  # all that names of files and hooks hold
SCHEMES = {
    "s3": "s3://my-bucket",
    "gs": "gs://my-bucket",
    "azure": "azure://my-container",
    "ssh": "ssh://me@host/srv",
}
WRITTEN = {  # by the hook, by stages; some file systems ignore the case of LICENSE
    "license", "mlruns", "models", "multirun", "outputs", "reports",
}  # fmt: skip
IMPORTED_AS = {  # modules of dependencies that are not named as their package
    "adbc_driver_duckdb", "attr", "azure", "boolean", "cyclonedx", "databricks", "dateutil",
    "dotenv", "flufl", "git", "google", "graphql", "grpc", "hydra", "jupyterlab_plotly", "jwt",
    "markdown_it", "mpl_toolkits", "mypyc", "opentelemetry", "packageurl",
    "packaging_legacy_version", "pip", "pkg_resources", "proto", "public", "py", "pylab", "rpds",
    "ruamel", "setuptools", "sklearn", "uv", "validate", "vendor_licenses", "win32com", "xdist",
    "xgboost", "yaml", "zc",
}  # fmt: skip
ALSO_STANDARD = {  # what sys.stdlib_module_names leaves out, or only older Pythons of ours have
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils",
    "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes",
    "sitecustomize", "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "test", "usercustomize", "uu",
    "xdrlib",
}  # fmt: skip
RESERVED_BY_WINDOWS = {"aux", "con", "nul", "prn"} | {
    f"{p}{i}" for p in ("com", "lpt") for i in range(1, 10)
}


class Answers(Extension):
    """Filters for cookiecutter.json, and a guard.

    Cookiecutter renders the answers of its command line, so code in one would run before any check.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters |= {
            "check_answers": check_answers,
            "default_remote": default_remote,
            "year": lambda _: str(datetime.datetime.now(tz=datetime.UTC).year),
        }

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template's text, if it is ours: a file, a default, or references in a name or a hook.

        Raises:
            FailedHookException: it came with an answer.
        """
        ours = name is not None or source in DEFAULTS
        if not ours and re.search("<[<%#]", REFERENCE.sub(" ", source)):
            raise FailedHookException(
                f"Nothing was written.\n- No answer may hold <<, <% or <#; found {source!r}"
            )
        return source


def default_remote(answers: dict[str, Any]) -> str:
    """An address to begin with, for the chosen kind of remote."""
    slug = answers["project_slug"]
    kind = answers["dvc_remote"]
    return f"{SCHEMES[kind]}/{slug}" if kind in SCHEMES else f"~/dvc-storage/{slug}"


def check_answers(answers: dict[str, Any]) -> str:
    """Nothing, if all answers can be used.

    Raises:
        FailedHookException: one sentence for each that cannot: what is allowed, what was found.
    """
    faults = [
        _text("project_name", answers["project_name"]),
        _slug(answers["project_slug"]),
        _package(answers["package_name"]),
        _text("author_name", answers["author_name"]),
        _remote(answers["dvc_remote"], answers["remote_url"]),
    ]
    lines = [f"- {fault}" for fault in faults if fault]
    if lines:
        raise FailedHookException("\n".join(["Nothing was written.", *lines]))
    return ""


def _text(name: str, value: str) -> str | None:
    if re.fullmatch(r"[^\W_](?:[\w .,'()&+-]*[\w.)+])?", value) and len(value) <= 80:
        return None
    allowed = "letters, digits, spaces and . , ' ( ) & + -, 80 at most"
    return f"{name}: allowed are {allowed}; found {value!r}"


def _slug(value: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) or len(value) > 60:
        allowed = "a-z and 0-9, joined by single -, 60 at most"
        return f"project_slug: allowed are {allowed}; found {value!r}"
    if value in RESERVED_BY_WINDOWS:
        return f"project_slug: {value!r} is a device on Windows; choose another name"
    return None


def _package(value: str) -> str | None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value) or len(value) > 60:
        return f"package_name: allowed are a-z, then a-z, 0-9 and _, 60 at most; found {value!r}"
    taken = {
        "a Python keyword": set(keyword.kwlist) | set(keyword.softkwlist),
        "a module of Python's standard library": sys.stdlib_module_names | ALSO_STANDARD,
        "a dependency's module": _dependencies() | IMPORTED_AS,
        "a file or folder of the project": {p.name.lower() for p in TEMPLATE.iterdir()} | WRITTEN,
        "a device on Windows": RESERVED_BY_WINDOWS,
    }
    for reason, names in taken.items():
        if value in names:
            return f"package_name: {value!r} is {reason}; choose another name"
    return None


def _dependencies() -> set[str]:
    lock = (TEMPLATE / "requirements.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)
    return {re.sub(r"[-.]", "_", name).lower() for name in names}


def _remote(kind: str, url: str) -> str | None:
    start = SCHEMES[kind].split("://")[0] + "://" if kind in SCHEMES else ""
    if re.fullmatch(rf"{start}[\w./@:~-]+", url, re.ASCII) and ("://" in url) == bool(start):
        if not re.search(r"//[^/@]*:[^/@]*@", url):
            return None
        return (
            "remote_url: a password must not be written down; leave it to DVC's local configuration"
        )
    allowed = f"{start or 'a path'} and letters, digits and . / @ : ~ - _"
    return f"remote_url: allowed are, for {kind}, {allowed}; found {url!r}"
