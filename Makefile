# `make` lists what there is to do.
# Which Python .venv is made of: PYTHON=, or UV_PYTHON, which GitHub's setup-uv sets: 3.13, python3.13, a path.
CHOSEN := $(or $(PYTHON),$(UV_PYTHON))
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
export UV_COMPILE_BYTECODE := 1

define find_python
{ path='import sys; print(sys.executable)'; uv="uv python find --system --no-project $(CHOSEN)"; \
	  "$(or $(CHOSEN),python3)" -c "$$path" || "python$(CHOSEN)" -c "$$path" || $$uv || \
	  { uv python install "$(CHOSEN)" >&2 && $$uv; }; } 2>/dev/null || \
	  { echo "Python $(CHOSEN) is not there; install it, or set PYTHON=" >&2; exit 2; }
endef

.PHONY: help setup chosen demo test lint bench lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 12

setup: chosen .venv/.ready ## make the environment in .venv from requirements.lock

chosen: # another environment than the one that was asked for is never used without a word
	@test -z "$(CHOSEN)" || test ! -x .venv/bin/python || { python=$$($(find_python)) && \
	  asked=$$("$$python" -V | cut -d. -f1,2) && have=$$(.venv/bin/python -V | cut -d. -f1,2) && \
	  { test "$$asked" = "$$have" || { echo ".venv is $$have, not $$asked: remove .venv, then \`make setup\`" >&2; exit 2; }; }; }

.venv/.ready: pyproject.toml requirements.lock
	@test -x .venv/bin/python || { python=$$($(find_python)) && "$$python" -m venv .venv; }
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
	@python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests

lint: setup ## style and types of the template; `make test` does it in a bake
	@ruff check hooks tests benchmarks && ruff format --check hooks tests benchmarks && mypy

bench: setup ## measure beside the plain libraries: NAME=noop for one, QUICK=1 for small sizes
	@uv pip install --quiet --python .venv/bin/python --constraint requirements.lock --requirements pyproject.toml --extra bench
	@failed=; for name in $(or $(NAME),scaffold noop stage_start pipeline ingest sql validate predict train tune kills resume paired_tests drift drift_accuracy alerts simulate); do \
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
