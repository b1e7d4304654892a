from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from <<cookiecutter.package_name>>.config import load, read
from <<cookiecutter.package_name>>.config.columns import check_names
from <<cookiecutter.package_name>>.errors import ConfigError

from ..fixture import CONF
from .conftest import composed

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
        ("drift.numeric=guess", "drift.numeric"),
        ("drift.categorical=ks", "drift.categorical is ks, which needs an order"),
        ("+drift.columns.miles=guess", "drift.columns.miles"),
        ("drift.retrain=often", "drift.retrain"),
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
        ("data.incoming=[{kind:csv,path:a,join:{by:[k],cardinality:'1:1'}}]", "data.incoming"),
        ("data.labels=[{kind:csv,path:a,join:{by:[k],cardinality:'1:1'}}]", "data.labels"),
        ("data.retry_s=-1", "data.retry_s"),
        ("gate.margin=-1", "gate.margin"),
        ("gate.slices.floor=0.7", "gate.slices needs both columns and floor"),
        ("gate.signing.required=true", "gate.signing.public_key is empty"),
        ("data.target=???", "target"),
        ("data=csv", "schema"),
        ("tracking.kind=server", "uri_env"),
        ("alert.channels.log.kind=pigeon", "alert.channels.kind"),
        ("alert.channels.log.kind=webhook", "address_env"),
        ("alert.quiet_hours=late", "alert.quiet_hours"),
        ("seed=-1", "seed"),
        ("split=time", "data.time"),
        ("split=latest", "data.time"),
        ("split.period=year", "split.period"),
        ("split.kind=group", "split.group"),
        ("split.folds=1", "split.folds"),
        ("split.repeats=0", "split.repeats"),
        ("split.test=0.5 split.validation=0.5", "split.validation"),
        ("split=latest split.test=0.3", r"split\.test is 0\.3.*the newest month tests.*Remove"),
        ("split.test=null", r"split\.test is empty; kind 'stratified' needs a share"),
        ("split=time split.repeats=2", "split.repeats"),
        ("split.max_alone=2", "max_alone"),
        ("preprocess.steps.0.columns=[1]", "columns of 'imputer'"),
        ("tune.space.forest.min_samples_leaf.high=0", "low < high"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_by_name(override: str, named: str) -> None:
    more = ["tune=optuna"] + ["data.time=null"] * (override in ("split=time", "split=latest"))
    with pytest.raises(ConfigError, match=named):
        composed(*override.split(), *more)


COLUMNS = ["id", "tail_number", "no", "007", "late"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("tail_numbr", "similar are tail_number"),
        ("Tail_Number", "similar are tail_number"),
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


def test_trusted_names_are_dotted() -> None:
    with pytest.raises(ConfigError, match=r"model\.trusted is 'Thing'"):
        composed("model.trusted=[Thing]")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("O'Hare delays", True),
        ('say "hello"', True),
        ("Zürich 東京 %41", True),
        ("of flights. late", True),
        (".hidden", True),
        ("n" * 256, True),
        ("n" * 257, False),
        ("flights/nyc", False),
        ("a:b", False),
        (".", False),
        ("..", False),
        ("..x", False),
        ("", False),
        ("  ", False),
    ],
)
def test_a_name_that_mlflow_refuses_is_refused_with_the_configuration(
    params: Path, name: str, allowed: bool
) -> None:
    values = read(params.name)
    values.name = name
    values.tracking.registry = values.tracking.experiment = name
    if allowed:
        assert load(values).tracking.registry == name
    else:
        with pytest.raises(ConfigError, match=r"tracking\."):
            load(values)


@pytest.mark.parametrize(
    "override", ["split.tset=0.1", "split.test=lots", "model=none_such", "nothing=1", "seed=x"]
)
def test_an_unknown_key_a_wrong_type_and_an_unknown_choice_are_refused(override: str) -> None:
    with pytest.raises(HydraException):
        composed(override)


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


def test_every_shipped_file_is_short() -> None:
    assert [p for p in Path(CONF).rglob("*.yaml") if len(p.read_text().splitlines()) > 40] == []


@pytest.mark.parametrize("key", ["unpacked_gb", "unpacked_ratio"])
def test_the_limits_of_reading_are_set_and_checked(key: str) -> None:
    own = ["data=csv", *OWN]
    assert composed(*own, "data.limits.folders=[/mnt/more]").data.limits.folders == ["/mnt/more"]
    assert getattr(composed(*own, f"data.limits.{key}=50").data.limits, key) == 50
    with pytest.raises(ConfigError, match=rf"data\.limits\.{key} is 0"):
        composed(*own, f"data.limits.{key}=0")
