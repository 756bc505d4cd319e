# Everything sets itself up: `make test` needs Python >= 3.11 and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: test check
.DEFAULT_GOAL := test

$(BIN)/.ready: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test,check]'
	touch $@

test: $(BIN)/.ready
	$(BIN)/python -m pytest

check: $(BIN)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
