import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException

from hooks.answers import check_answers, default_remote

from .conftest import ROOT, Bake

GOOD = {
    "project_name": "Flight Delays",
    "project_slug": "flight-delays",
    "package_name": "flight_delays",
    "author_name": "Ada Lovelace",
    "license": "MIT",
    "dvc_remote": "local",
    "remote_url": "~/dvc-storage/flight-delays",
}

HOSTILE = [
    ("project_name", ""),
    ("project_name", " "),
    ("project_name", "x" * 81),
    ("project_name", 'a "quoted" name'),
    ("project_name", "two\nlines"),
    ("project_name", "a\ttab"),
    ("project_name", "back\\slash"),
    ("project_name", "<< 7 * 7 >>"),
    ("project_name", "{{ 7 * 7 }}"),
    ("project_name", "<% raw %>"),
    ("project_name", "${HOME}"),
    ("project_name", "a: b"),
    ("project_name", "a # b"),
    ("project_name", "`id`"),
    ("project_name", "a; rm -rf b"),
    ("project_name", "nul\0byte"),
    ("project_slug", ""),
    ("project_slug", ".."),
    ("project_slug", "../escaped"),
    ("project_slug", "/absolute"),
    ("project_slug", "a/b"),
    ("project_slug", "a\\b"),
    ("project_slug", ".hidden"),
    ("project_slug", "-option"),
    ("project_slug", "Upper"),
    ("project_slug", "with space"),
    ("project_slug", "naïve"),
    ("project_slug", "日本"),
    ("project_slug", "a--b"),
    ("project_slug", "a\n"),
    ("project_slug", "con"),
    ("project_slug", "lpt1"),
    ("project_slug", "a" * 300),
    ("project_slug", "a'b"),
    ("package_name", ""),
    ("package_name", "1st"),
    ("package_name", "with-dash"),
    ("package_name", "__init__"),
    ("package_name", "a.b"),
    ("package_name", "été"),
    ("package_name", "a" * 61),
    ("author_name", "Robert'); DROP\n"),
    ("author_name", '"'),
    ("author_name", "<script>"),
    ("author_name", "$(id)"),
    ("remote_url", ""),
    ("remote_url", "s3://bucket"),
    ("remote_url", "a b"),
    ("remote_url", 'x"\n[core]'),
    ("remote_url", "$(id)"),
]


SHADOWING = {
    "a module of Python's standard library": ("test", "json", "random", "imp", "sitecustomize"),
    "a dependency's module": ("sklearn", "polars", "dvc", "yaml", "hydra_core", "hydra"),
    "a file or folder of the project": (
        *("tests", "conf", "data", "models", "reports", "pipelines", "schemas", "hydra_plugins"),
        *("licenses", "license", "makefile", "mlruns", "outputs"),
    ),
    "a Python keyword": ("class", "match"),
    "a device on Windows": ("con", "aux"),
}


@pytest.mark.parametrize(
    ("reason", "name"), [(reason, name) for reason, names in SHADOWING.items() for name in names]
)
def test_a_package_that_would_shadow_what_a_repository_needs_is_refused_in_a_sentence(
    reason: str, name: str
) -> None:
    with pytest.raises(FailedHookException) as refused:
        check_answers(GOOD | {"package_name": name})

    sentence = f"- package_name: {name!r} is {reason}; choose another name"
    assert str(refused.value) == f"Nothing was written.\n{sentence}"


@pytest.mark.parametrize(("question", "answer"), HOSTILE)
def test_a_hostile_answer_is_refused_by_name(question: str, answer: str) -> None:
    with pytest.raises(FailedHookException, match=question):
        check_answers(GOOD | {question: answer})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("project_name", "Été 2026: météo".replace(":", ",")),
        ("author_name", "Jean d'Arc, Jr. & Co"),
        ("author_name", "李明"),
        ("project_slug", "a1-b2"),
        ("package_name", "p"),
        ("remote_url", "/srv/storage"),
    ],
)
def test_an_unusual_but_good_answer_is_taken(question: str, answer: str) -> None:
    assert check_answers(GOOD | {question: answer}) == ""


@pytest.mark.parametrize("kind", ["local", "s3", "gs", "azure", "ssh"])
def test_the_address_that_is_offered_is_one_that_is_taken(kind: str) -> None:
    answers = GOOD | {"dvc_remote": kind}
    assert check_answers(answers | {"remote_url": default_remote(answers)}) == ""


def test_a_password_in_an_address_is_refused() -> None:
    with pytest.raises(FailedHookException, match="password"):
        check_answers(GOOD | {"dvc_remote": "ssh", "remote_url": "ssh://me:secret@host/srv"})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(FailedHookException, match=r"(?s)project_slug.*package_name"):
        check_answers(GOOD | {"project_slug": "..", "package_name": "class"})


def test_a_path_out_of_the_folder_writes_nothing(bake: Callable[..., Bake], tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    with pytest.raises(FailedHookException):
        bake(into=inside, project_slug="../escaped", package_name="escaped")

    assert not inside.exists()
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    "code",
    [
        "<< cycler.__init__.__globals__.os.mkdir('ran') >>",
        "<<cookiecutter.license>><< cycler.__init__.__globals__.os.mkdir('ran') >>",
        "<% set x = cycler.__init__.__globals__.os.mkdir('ran') %>Ada",
        "<# a comment #>Ada",
        "{{ cycler.__init__.__globals__.os.mkdir('ran') }}",
        "\"+__import__('os').mkdir('ran')+\"",
    ],
)
@pytest.mark.parametrize("question", ["project_name", "author_name", "remote_url"])
def test_code_in_an_answer_never_runs(
    bake: Callable[..., Bake],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FailedHookException, match=r"Nothing was written"):
        bake(**{question: code})

    assert list(tmp_path.iterdir()) == []


def test_there_are_at_most_eight_questions_each_with_a_sentence() -> None:
    asked = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    questions = {name for name in asked if not name.startswith("_")}

    assert len(questions) <= 8
    assert questions == set(asked["__prompts__"])


def test_names_follow_from_the_project_name(bake: Callable[..., Bake]) -> None:
    repository = bake(project_name="Café Müller 2")

    assert repository.path.name == "cafe-muller-2"
    assert (repository.path / "cafe_muller_2" / "paths.py").is_file()
