# Everything sets itself up: Python >= 3.11 and git for all of it, Node >= 20.19 for the page.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PAGE := src/labelwright/web/index.html
UI_SOURCES := $(shell find ui -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: demo test test-random check page bench-queue bench-ingest bench-export bench-stats bench-accuracy bench-accuracy-choice bench-label-errors bench-chaos \
	bench-honesty bench-scale
.DEFAULT_GOAL := test

$(BIN)/.ready: pyproject.toml
	@echo "Installing Labelwright and what it needs into $(VENV): a few minutes, the first time."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	LABELWRIGHT_SKIP_PAGE=1 $(BIN)/python -m pip install --quiet --editable '.[test,check,fast]'
	touch $@

$(PAGE): $(UI_SOURCES)
	$(PYTHON) build_page.py

page: $(PAGE)

# The whole story with bundled data: text, pictures and sound, in the browser.
demo: $(BIN)/.ready page
	$(BIN)/labelwright demo .demo --port $(PORT)

# Other projects' readers judge what we write. They come into an environment of their own while the page is built.
test: $(BIN)/.ready chromium
	@$(BIN)/python -m tests.judges.environment & installing=$$!; \
	if command -v npm >/dev/null; then $(MAKE) --no-print-directory page && cd ui && npm test --silent; \
		else echo "No npm: the page is not built, and browser tests are skipped."; fi; \
	built=$$?; wait $$installing; exit $$built
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

# The property tests, with other examples in each run.
test-random: $(BIN)/.ready
	HYPOTHESIS_PROFILE=random $(BIN)/python -m pytest --numprocesses 2 --dist loadgroup tests/stats tests/conformance tests/datasets tests/checks

# The browser tests use the system's Chromium; where none can be had they are skipped and say so.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
			&& apt-get update -qq && apt-get install -qq -y chromium >/dev/null 2>&1; } \
		|| echo "No Chromium: browser tests will be skipped."

check: $(BIN)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/test_docs.py
	cd ui && npm ci --silent && npm run check

bench-queue bench-ingest bench-export bench-stats bench-accuracy bench-accuracy-choice bench-label-errors bench-chaos bench-honesty bench-scale: $(BIN)/.ready
	$(BIN)/python -m benchmarks.$(subst -,_,$(@:bench-%=%))
