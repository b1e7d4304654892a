from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from <<cookiecutter.package_name>>.config import Config, check_names, load, read
from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.stages.compose import render

from .conftest import ROOT

CONF = ROOT / "conf"
OWN = ["data.schema=s.json", "data.target=t", "data.key=k"]
SEVERAL = ["data.sources.0.path=a", "data.sources.1.path=b", "data.sources.2.path=c"]
MORE = {
    "data=csv": [],
    "data=json": [],
    "data=ndjson": [],
    "data=parquet": [],
    "data=sql": ["data.sources.0.table=t"],
    "data=several": [*SEVERAL, "data.sources.2.join.by=[k]"],
}
CHOICES = sorted(
    f"{path.parent.name}={path.stem}" for path in CONF.glob("*/*.yaml") if path.stem != "sweep"
)


def composed(*overrides: str) -> Config:
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=list(overrides)))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_shipped_choice_composes_and_keeps_the_rules(choice: str) -> None:
    own = [*OWN, *MORE[choice]] if choice in MORE else []

    assert composed(choice, *own).name


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("split.test=2", "split.test"),
        ("split.validation=0", "split.validation"),
        ("split.kind=lucky", "split.kind"),
        ("validate.max_quarantined=-1", "max_quarantined"),
        ("validate.changed_columns=never", "changed_columns"),
        ("+validate.anomalies.guess=1", "validate.anomalies"),
        ("+validate.anomalies.iqr=-1", "validate.anomalies.iqr"),
        ("evaluate.bootstrap=1", "evaluate.bootstrap"),
        ("drift.nulls=2", "drift.nulls"),
        ("data.key=null", "names a row"),
        ("data.key=???", "data.key is not filled in: the column that names a row"),
        ("data.target=null", "the column to predict"),
        ("data.target=false", "into quotes"),
        ("data.sources=[]", "data.sources"),
        ("data.sources.0.kind=exel", "data.sources.kind"),
        ("data.sources.0.path=null", "one of path and uri_env"),
        ("data.sources.0.uri_env=A", "one of path and uri_env"),
        ("data.sources.0.table=t", "one of query and table"),
        ("data.sources.0.kind=sql", "one of query and table"),
        ("data.sources.0.path='https://me:secret@h/x'", "environment variable"),
        ("data.sources.0.path='https://h/x?sig=secret'", "environment variable"),
        ("+data.sources.0.options.storage_options.aws_secret_access_key=x", "credential"),
        ("data.sources.0.join={by:[k],cardinality:'n:1'}", "first source"),
        ("data.sources.0.join={by:[k],cardinality:'n:n'}", "cardinality"),
        ("data.sources.0.join={by:[],cardinality:'n:1'}", "join.by"),
        ("data.retry_s=-1", "data.retry_s"),
        ("data.target=???", "target"),
        ("data=csv", "schema"),
        ("tracking.kind=server", "uri_env"),
        ("alert.channels=[pigeon]", "alert.channels"),
        ("alert.channels=[webhook]", "webhook_env"),
        ("few_shot.enabled=true", "few_shot"),
        ("seed=-1", "seed"),
        ("split=time", "data.time"),
        ("split.kind=group", "split.group"),
        ("split.folds=1", "split.folds"),
        ("split.repeats=0", "split.repeats"),
        ("split.test=0.5 split.validation=0.5", "split.validation"),
        ("split=time split.repeats=2", "split.repeats"),
        ("split.max_alone=2", "max_alone"),
        ("preprocess.steps.0.columns=[1]", "columns of 'imputer'"),
        ("tune.space.forest.min_samples_leaf.high=0", "low < high"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_by_name(override: str, named: str) -> None:
    more = ["tune=optuna"] + ["data.time=null"] * (override == "split=time")
    with pytest.raises(ConfigError, match=named):
        composed(*override.split(), *more)


COLUMNS = ["id", "tail_number", "no", "007", "late"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("tail_numbr", "much alike are tail_number"),
        ("Tail_Number", "much alike are tail_number"),
        ("weather", "there are id"),
        ("False", "'no'"),  # what OmegaConf makes of no
        ("7", "'007'"),
        ("name", "x-personal"),
    ],
)
def test_a_name_that_no_column_has_is_refused_with_what_may_be_meant(
    name: str, advice: str
) -> None:
    with pytest.raises(ConfigError, match=f"data.time names '{name}'.*{advice}"):
        check_names(COLUMNS, {"data.target": ["late"], "data.time": [name]}, dropped=["name"])


def test_a_personal_column_that_ingest_drops_may_be_ignored() -> None:
    check_names(COLUMNS, {"data.ignore": ["name", "no"]}, dropped=["name"])


@pytest.mark.parametrize(
    "override", ["split.tset=0.1", "split.test=lots", "model=none_such", "nothing=1", "seed=x"]
)
def test_an_unknown_key_a_wrong_type_and_an_unknown_choice_are_refused(override: str) -> None:
    with pytest.raises(HydraException):
        composed(override)


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """params.yaml, composed in a folder of its own, which is the current one."""
    (tmp_path / "conf").symlink_to(CONF)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "params.yaml"
    file.write_text(render())
    return file


def test_all_roads_lead_to_one_configuration(params: Path) -> None:
    with initialize_config_dir(str(CONF)):
        by_hydra = load(compose("pipeline"))

    assert load(read(params.name)) == by_hydra == composed()


@pytest.mark.parametrize(
    ("text", "named"), [("sede: 1", "sede"), ("seed: many", "seed"), ("split: {tset: 1}", "tset")]
)
def test_params_that_the_schema_does_not_know_are_refused(
    params: Path, text: str, named: str
) -> None:
    params.write_text(text)
    with pytest.raises(OmegaConfBaseException, match=named):
        read(params.name)


def test_params_that_are_missing_or_a_list_are_refused(params: Path) -> None:
    params.write_text("- 3")
    with pytest.raises(ConfigError, match="dvc repro"):
        read(params.name)
    params.unlink()
    with pytest.raises(ConfigError, match="missing"):
        read(params.name)


def test_no_shipped_value_is_read_from_the_environment() -> None:
    for path in CONF.rglob("*.yaml"):
        assert "${oc.env" not in path.read_text(encoding="utf-8"), path


def test_every_shipped_file_is_short() -> None:
    assert [p for p in Path(CONF).rglob("*.yaml") if len(p.read_text().splitlines()) > 40] == []


@pytest.mark.parametrize("key", ["unpacked_gb", "unpacked_ratio"])
def test_the_limits_of_reading_are_set_and_checked(key: str) -> None:
    own = ["data=csv", *OWN]
    assert composed(*own, "data.limits.folders=[/mnt/more]").data.limits.folders == ["/mnt/more"]
    assert getattr(composed(*own, f"data.limits.{key}=50").data.limits, key) == 50
    with pytest.raises(ConfigError, match=rf"data\.limits\.{key} is 0"):
        composed(*own, f"data.limits.{key}=0")
