"""A source of kind sql, read through files as the stage does it."""

import shutil
from pathlib import Path

import polars as pl

from <<cookiecutter.package_name>>.config.data import Source
from <<cookiecutter.package_name>>.ingest.parts import (
    Manifest,
    ReadPolicy,
    write_parts,
)
from <<cookiecutter.package_name>>.ingest.sources import source_files

CANARY = "-".join(("canary", "3f9a"))


def ingest(retry_s: float = 0, **source: str) -> pl.DataFrame:
    files = source_files(Source(kind="sql", **source), Path())
    shutil.rmtree("parts", ignore_errors=True)
    folder = Path("parts")
    folder.mkdir()
    write_parts(files, folder, ReadPolicy(retry_s), folder, Manifest("", {}))
    return pl.read_parquet(folder / "*.parquet")
