"""A registry in which version 2, which is better, followed version 1, a fallback."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from hydra import compose, initialize_config_dir

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.paths import MODEL
from <<cookiecutter.package_name>>.registry import versions
from <<cookiecutter.package_name>>.runtime import tracking

from ..fixture import CONF, rides
from ..models import model, spec

FELL_BACK = "forest could not be trained: memory does not suffice"
LEARNED = 2000  # of the rows; the others test


def rows() -> pl.DataFrame:
    """4,000 rides with the columns that ``models`` knows."""
    return rides().select("late", "wind", id="ride", departure="start", origin="station")


def config(*overrides: str) -> Config:
    """The tests' configuration, for these rows."""
    own = ("name=rides", "data.key=id", "data.time=departure", "evaluate.metrics=[brier]")
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=[*own, *overrides]))


@contextlib.contextmanager
def registry() -> Iterator[Any]:
    """A client of the registry in this folder."""
    with tracking.store(tracking.tracking_uri("sqlite", None)) as client:
        yield client


def release(folder: Path) -> Path:
    """Make the registry in a folder; models/model is that of version 2."""
    with contextlib.chdir(folder), registry() as client:
        uri = tracking.tracking_uri("sqlite", None)
        for number, columns, why in ((1, ["wind"], {"fell_back": FELL_BACK}), (2, [], {})):
            model(rows().head(LEARNED).drop(columns), spec()).save(MODEL)
            tags = {"git_commit": f"commit {number}", "train": "t"} | why
            version = versions.register(client, uri, "rides", model=MODEL, tags=tags)
            versions.promote(client, "rides", str(version.version))
    return folder
