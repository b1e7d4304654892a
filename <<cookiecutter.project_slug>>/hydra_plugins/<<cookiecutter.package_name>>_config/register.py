"""Registers the schema, so that `dvc exp run -S` is checked before anything runs."""

from <<cookiecutter.package_name>>.config import register

register()
