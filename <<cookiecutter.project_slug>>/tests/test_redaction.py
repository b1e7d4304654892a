import json
import logging
import sys
import time
import warnings
from urllib.parse import quote

import pytest
import structlog

from <<cookiecutter.package_name>> import redaction
from <<cookiecutter.package_name>>.errors import ResourceError
from <<cookiecutter.package_name>>.redaction import (
    is_secret,
    names_secret,
    redact,
)
from <<cookiecutter.package_name>>.runtime import logs, stage

CANARY = "-".join(("canary", "3f9a"))
SECRETS = [
    "postgresql://u:{}@host/name",
    "postgresql://u:a/b@{}@host/name",
    "postgresql://:{}@host/name",
    "https://{}@github.com/me/mine.git",
    "https://h/f?sig={}",
    "https://h/f?sv=2024&se=2026-01-01&sig={}&sp=r",
    "https://h/f?X-Amz-Signature={}",
    "https://h/f?X-Amz-Security-Token={}",
    "https://h/f?X-Goog-Signature={}",
    "https://h/f?access_token={}",
    "https://h/f?a=1&api_key={}",
    "https://h/f?apikey={}",
    "https://h/f?key={}",
    "https://h/f?client_secret={}",
    "https://h/f?accessToken={}",
    "https://h/f?jwt={}",
    "SharedAccessSignature={}",
    "SharedAccessSignature sr={}",
    "AccountName=me;AccountKey={};EndpointSuffix=x",
    "Endpoint=sb://h/;SharedAccessKeyName=me;SharedAccessKey={}",
    "Server=h;Uid=me;Pwd={}",
    "password={}",
    "Authorization: Bearer {}1234",
    "Basic {}dXNlcjpwYXNz",
    "eyJ{}iJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "ghp_{}0123456789abcdefghij",
    "https://hooks.slack.com/services/T0/{}",
    "https://discord.com/api/webhooks/1/{}",
    "-----BEGIN RSA PRIVATE KEY----- {}".replace("-{}", "{}"),
]
HARMLESS = [
    "flights",
    "key",
    "token_count",
    "data/raw/part-*.parquet",
    "https://host:8080/files/me@example.org/f.csv",
    "https://h/f?page=2&design=new&monkey=1",
    "https://h/f?token_count=3",
    "s3://bucket/key=1/token=2/f.parquet",
    "abfs://container@account.dfs.core.windows.net/f.parquet",
    "ssh://git@host/srv",
    "postgresql://reader@host/name",
    "SELECT * FROM t WHERE token='a' AND key = 'b'",
    "a basic model of bearer shares",
    "sk-learn-pipelines-of-flights",
    "PASSWORD",
    "re:^temp_",
]


@pytest.mark.parametrize("form", SECRETS)
def test_what_has_the_form_of_a_secret_is_refused_and_hidden(form: str) -> None:
    text = form.format(CANARY.replace("-", "")) if "eyJ" in form else form.format(CANARY)
    assert is_secret(text)
    assert "canary" not in redact(f"before {text} after" if "-----" not in text else text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_resembles_a_secret_is_neither(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("aws_secret_access_key", True),
        ("accountKey", True),
        ("api-key", True),
        ("Authorization", True),
        ("token", True),
        ("hf_token", True),
        ("sas", True),
        ("connection_string", True),
        ("key", False),
        ("hash_key_env", False),
        ("token_pattern", False),
        ("pad_token", False),
        ("max_tokens", False),
        ("design", False),
        ("aws_access_key_id", False),
    ],
)
def test_a_key_for_secrets_is_known_by_its_name(name: str, secret: bool) -> None:
    assert names_secret(name) is secret


@pytest.mark.parametrize(
    "text",
    [
        "password='{}'",
        '{{"api_key": "{}", "x": 1}}',
        "connect(host=h, password={}, port=1)",
        "GET /f?sig={} HTTP/1.1",
    ],
)
def test_what_libraries_print_of_a_secret_is_hidden(text: str) -> None:
    assert CANARY not in redact(text.format(CANARY))


@pytest.mark.parametrize(
    "text", [*HARMLESS, "3 rows", "no host 'h', password authentication failed"]
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text.replace("token='a'", "token='***'")


@pytest.fixture
def variable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A variable that the configuration names; its value is the test's parameter."""
    monkeypatch.setattr(redaction, "_variables", set())
    redaction.hide_variables(["ADDRESS"])
    monkeypatch.setenv("ADDRESS", request.param)
    return str(request.param)


@pytest.mark.parametrize(
    ("variable", "secret"),
    [
        ("plain word 7 é", "plain word 7 é"),
        ("mysql://me:p%40ss%2Fword@h/x", "p@ss/word"),
        ("mysql://me:p%40ss%2Fword@h/x", "p%40ss%2Fword"),
        ("mysql://me:quo\"te'back\\slash@h/x", "quo\"te'back\\slash"),
        ("mysql://me:a@b/c#d@h/x", "a@b/c#d"),
        ("https://h/f?sig=aB%2Bc%3D99&sp=r", "aB+c=99"),
        ("https://h/f?sig=aB%2Bc%3D99&sp=r", "aB%2Bc%3D99"),
        ("https://h/hook/T0/0123456789abcdefXYZ", "0123456789abcdefXYZ"),
        ("first line 1\nsecond line 2", "second line 2"),
    ],
    indirect=["variable"],
)
@pytest.mark.parametrize("code", [str, repr, json.dumps, quote])
def test_the_value_of_a_named_variable_is_hidden_however_it_is_written(
    variable: str, secret: str, code
) -> None:
    for text in (variable, secret):
        hidden = redact(f"it said {code(text)}!")
        assert code(secret).strip("'\"") not in hidden
        assert hidden.startswith("it said ")


@pytest.mark.parametrize("variable", ["h", "12345"], indirect=True)
def test_a_value_too_short_to_be_a_secret_hides_no_words(variable: str) -> None:
    assert redact(f"the {variable}") == f"the {variable}"


def test_pieces_of_an_address_are_hidden_where_a_driver_speaks_of_it() -> None:
    address = "postgresql://u:pass/word@h/x?a=b1c&password=qwe"
    assert redact("no host 'word@h', 'qwe', b1c", address) == "no host '***@h', '***', ***"


def test_long_lines_take_no_time() -> None:
    started = time.process_time()
    for text in ("://a:b", "a", "eyJ", "a.", "bearer ", "password", "-----BEGIN ", "=", "sk-", "@"):
        redact(text * 20_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_log_warning_or_traceback_holds_a_secret(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    monkeypatch.setenv("LOG_FORMAT", form)
    monkeypatch.setenv("ADDRESS", f'mysql://u:{CANARY} "é"@h/x')
    redaction.hide_variables(["ADDRESS"])
    logs.configure(stage="test")
    secret = f'{CANARY} "é"'

    structlog.get_logger().warning("it said %s", secret, address=f"http://u:{secret}@h")
    library = logging.getLogger("library")
    file = logging.FileHandler(tmp_path / "library.log")
    library.addHandler(file)
    library.warning("retrying %s, %s", 3, secret)
    library.warning("arguments that do not fit %d", secret)
    try:
        raise ValueError(secret)  # noqa: TRY301
    except ValueError as error:
        library.exception("failed")
        sys.excepthook(type(error), error, error.__traceback__)
        with pytest.raises(SystemExit), stage.exit_on_error():
            raise RuntimeError("a bug") from error
    with pytest.raises(SystemExit), stage.exit_on_error():
        raise ResourceError(f"cannot reach {secret}", "resource.x", {"address": secret})
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        sys.stderr.write(warnings.formatwarning(secret, UserWarning, "f.py", 1))
    library.removeHandler(file)

    written = capsys.readouterr().err + (tmp_path / "library.log").read_text()
    assert CANARY not in written
    assert "canary" not in written
    assert written.count("ValueError: ***") >= 3
