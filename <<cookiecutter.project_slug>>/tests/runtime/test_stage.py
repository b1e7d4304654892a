import errno
import json
from pathlib import Path

import pytest
import structlog
import yaml
from hydra.errors import MissingConfigException
from omegaconf.errors import MissingMandatoryValue

from <<cookiecutter.package_name>>.errors import (
    DataError,
    PipelineError,
)
from <<cookiecutter.package_name>>.runtime import logs, stage


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("rows are gone"), 3),
        (MissingMandatoryValue("data.key is ???"), 2),
        (yaml.YAMLError("a tab in line 3"), 2),
        (PermissionError(errno.EACCES, "Permission denied", "models"), 5),
        (OSError(errno.ENOSPC, "No space left on device"), 5),
        (MemoryError(), 5),
        (ZeroDivisionError("a bug"), 1),
    ],
)
def test_an_error_ends_the_process_with_the_code_of_its_kind(error: Exception, code: int) -> None:
    logs.configure(stage="test")
    with pytest.raises(SystemExit) as ended, stage.exit_on_error():
        raise error

    assert ended.value.code == code


def test_a_known_error_is_told_in_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    logs.configure(run_id="r", stage="train")
    with pytest.raises(SystemExit), stage.exit_on_error():
        raise DataError("rows are gone", "data.gone", {"rows": 0})

    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["code"], entry["rows"]) == ("rows are gone", "data.gone", 0)
    assert (entry["run_id"], entry["stage"]) == ("r", "train")


def test_a_bug_is_told_with_its_traceback_but_without_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "text")
    logs.configure(stage="train")
    password = "-".join(("hunter", "2"))
    with pytest.raises(SystemExit), stage.exit_on_error():
        raise ZeroDivisionError(len(password))

    output = capsys.readouterr().err
    assert "ZeroDivisionError" in output
    assert password not in output


def test_a_newline_in_a_value_cannot_forge_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    logs.configure(stage="train")
    structlog.get_logger().info("read", column="a\n{}")

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_code_of_another_checkout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "train")

    with pytest.raises(PipelineError, match="its code comes from"):
        stage.check_checkout()


def test_a_choice_that_only_a_copy_lacks_is_to_be_tracked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = tmp_path / "kept/conf/data/mine.yaml"
    choice.parent.mkdir(parents=True)
    choice.touch()
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "kept"))
    known = stage.as_pipeline_error(MissingConfigException("not there", "data/mine"))

    assert known is not None
    assert "`git add conf/data/mine.yaml`" in known.message
