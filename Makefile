# Every target makes the virtual environment it needs the first time and finds it again afterwards.
#   make tune ARGS=--quick        arguments of the example
#   make test ARGS="-k pipeline"  arguments of pytest
#   make test PYTHON=python3.12   another interpreter, for a new environment

# python3 where it is a version that skdl is tested on, otherwise the newest such one that is installed.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$p && exit; done; echo python3)
VENV ?= .venv
WORKERS ?= 2
ARGS ?=
# To find the thorough tests in all files would take a worker a quarter of a minute.
THOROUGH := tests/engine/test_equal_keys.py tests/engine/test_fresh_process.py

PIP = $(1)/bin/python -m pip install --disable-pip-version-check --no-input --quiet
SOURCES := $(shell find skdl -type f -not -name '*.pyc' 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two pip runs in one environment get in each other's way, also under `make -j`.
.NOTPARALLEL:
.PHONY: help tune test test-docs test-thorough test-all test-browser lint format types docs smoke smoke-oldest bench clean

help:
	@echo "make tune          tune a network on real data (ARGS=--quick for a short run)"
	@echo "make test          run a selection of the tests (minutes)"
	@echo "make test-docs     run what pages, examples and docstrings show"
	@echo "make test-thorough run the tests that look at whatever two fits could share (minutes)"
	@echo "make test-all      run all tests, as CI does (half an hour)"
	@echo "make test-browser  run the tests of HTML reports in a Chromium that is installed"
	@echo "make lint types    check style and types"
	@echo "make docs          build the documentation in docs/_build/html"
	@echo "make bench         compare defaults, speed, plans and memory (most of an hour)"
	@echo "make smoke-oldest  install the oldest supported scikit-learn and joblib, run a smoke test"
	@echo "make clean         remove environments, caches and built files"

tune: $(VENV)/.skdl
	$(VENV)/bin/python examples/tune_digits.py $(ARGS)

# docs/architecture.rst says what pytest leaves out by itself: ARGS="-m oracle" runs one part of it.
test: $(VENV)/.test
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

test-docs: $(VENV)/.test
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m docs $(ARGS) tests/project

# Every setting of everything that Keras exports, and fits in processes of their own.
test-thorough: $(VENV)/.test
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m thorough $(ARGS) $(THOROUGH)

test-all: $(VENV)/.test
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "" $(ARGS)

# Apart from the others, which need no browser: pytest does not go into tests/browser by itself. It fails where there is
# no Chromium, and downloads none: on Debian and Ubuntu, apt-get install chromium; CHROMIUM=... names another one.
test-browser: $(VENV)/.test $(VENV)/.browser
	$(VENV)/bin/python -m pytest --numprocesses 0 tests/browser $(ARGS)

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

types: $(VENV)/.dev
	$(VENV)/bin/mypy

docs: $(VENV)/.docs
	$(VENV)/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(VENV)/.skdl
	$(VENV)/bin/python benchmarks/toy_sets.py $(ARGS)
	$(VENV)/bin/python benchmarks/search_speed.py $(SPEED_ARGS)
	$(VENV)/bin/python benchmarks/foreign_estimators.py $(FOREIGN_ARGS)
	$(VENV)/bin/python benchmarks/plan_choices.py $(PLAN_ARGS)
	$(VENV)/bin/python benchmarks/memory.py $(MEMORY_ARGS)
	$(VENV)/bin/python benchmarks/progress_cost.py
	$(VENV)/bin/python benchmarks/range_test_rules.py
	$(VENV)/bin/python benchmarks/importance_of_noise.py
	$(VENV)/bin/python benchmarks/wrong_better_than.py
	$(VENV)/bin/python benchmarks/diagnosed_faults.py $(FAULTS_ARGS)

# A smoke test runs on the built wheel, so that a file missing from it is found.
smoke: $(VENV)/.wheel
	$(VENV)/bin/python tests/smoke.py

smoke-oldest:
	@$(MAKE) --no-print-directory smoke VENV=.venv-oldest PINS="scikit-learn==1.8.0 joblib==1.5.0"

clean:
	rm -rf .venv .venv-* build dist docs/_build docs/generated docs/auto_examples
	rm -rf docs/sg_execution_times.rst .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find skdl tests docs examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps stand apart from the directory: a `python -m venv` cut short leaves one behind that looks whole.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; print(sys.version.split()[0], sys.executable)' >/dev/null 2>&1 \
	|| { echo "'$(PYTHON)' does not run. skdl needs Python 3.11, 3.12 or 3.13:" \
	"name one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "'$(PYTHON)' is $$($(PYTHON) -V 2>&1), but skdl needs Python 3.11 or newer:" \
	"name one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "'$(PYTHON)' has no venv or ensurepip module, which $(VENV) is made with." \
	"Debian and Ubuntu ship them apart: sudo apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.skdl: $(VENV)/.made pyproject.toml
	@echo "Installing skdl and what it needs into $(VENV): 2.5 GB on disk, most of it TensorFlow."
	$(call PIP,$(VENV)) --editable .
	@touch $@

$(VENV)/.test $(VENV)/.browser $(VENV)/.docs $(VENV)/.dev: $(VENV)/.%: $(VENV)/.skdl
	$(call PIP,$(VENV)) --editable '.[$*]'
	@touch $@

$(VENV)/.wheel: $(VENV)/.made pyproject.toml $(SOURCES)
	@echo "Installing skdl's wheel and what it needs into $(VENV)."
	$(call PIP,$(VENV)) $(PINS) .
	@touch $@
