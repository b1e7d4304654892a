# `make` lists what there is to do.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
export UV_COMPILE_BYTECODE := 1

.PHONY: help setup demo test lint bench lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

setup: .venv/.ready ## make the environment in .venv from requirements.lock

.venv/.ready: pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there; install Python 3.11 or newer, or set PYTHON=" >&2; exit 2; }
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null || .venv/bin/python -m pip install --quiet uv
	@uv pip install --quiet --python .venv/bin/python --constraint requirements.lock --requirements pyproject.toml
	@touch $@

demo: setup ## bake a project with the default answers and run all of its pipelines
	@scratch=$$(mktemp -d) && \
	  echo "Baking into $$scratch" && \
	  cookiecutter . --no-input --output-dir "$$scratch" && \
	  $(MAKE) --no-print-directory -C "$$scratch/flight-delays" demo && \
	  echo "It stays in $$scratch/flight-delays"

test: setup ## all tests, those of a bake included: some minutes
	@python -m pytest tests

lint: setup ## style and types of the template; `make test` does it in a bake
	@ruff check hooks tests benchmarks && ruff format --check hooks tests benchmarks && mypy

bench: setup ## measure beside the plain libraries: NAME=noop for one, QUICK=1 for small sizes
	@uv pip install --quiet --python .venv/bin/python --constraint requirements.lock --requirements pyproject.toml --extra bench
	@failed=; for name in $(or $(NAME),scaffold noop stage_start pipeline ingest sql validate kills); do \
	  echo "== $$name"; BENCH_WRITE=$(if $(QUICK),,1) QUICK=$(QUICK) python -m benchmarks.$$name || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "Over a limit:$$failed" >&2; exit 1; }

lock: setup ## resolve both locks anew; they name no index
	@uv pip compile --quiet --universal --all-extras --generate-hashes --no-annotate --no-header --upgrade \
	  pyproject.toml --output-file requirements.lock
	@scratch=$$(mktemp -d) && cookiecutter . --no-input --output-dir "$$scratch" && \
	  $(MAKE) --no-print-directory -C "$$scratch/flight-delays" lock && \
	  cp "$$scratch/flight-delays/requirements.lock" "<<cookiecutter.project_slug>>/requirements.lock"

clean: ## take away the environment
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
