# Townhall. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# A Python >= 3.11 that can make virtual environments; `make run PYTHON=/path/to/python3` names another.
# The distribution's own comes first: its profile-guided build, which version managers leave out by
# default, saves a tenth of a page's CPU and a seventh of a node's.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# The npm of the machine, else that of the Node.js wheel.
NPM = $(shell command -v npm || echo $(BIN)/npm)
RUN = PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) run --silent
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

run: $(BIN)/.ready static/vendor/.ready ## serve the embedded default: one process, SQLite, http://localhost:8000 (PORT=)
	@exec $(BIN)/python wsgi.py

dev: $(BIN)/.ready-dev static/vendor/.ready ## serve the embedded default and restart it on every change
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec bin/dev

stack: $(BIN)/.ready static/vendor/.ready tools ## serve the full system on loopback without Docker (PORT= WEB= NODES= DEMO=)
	@exec $(BIN)/python -m stack

check: lint static/vendor/.ready ## run the quick checks: lint, types and unit tests, under 90 s
	$(RUN) test
	$(BIN)/python -m pytest tests/unit --quiet --numprocesses 2

test: lint static/vendor/.ready tools-all ## run every check and the tests, against real servers (TESTS=tests/system)
	$(RUN) test
	@PATH="$(CURDIR)/$(BIN):$$PATH" bin/test $(TESTS)

test-operations: $(BIN)/.ready-dev static/vendor/.ready tools-all ## attack and starve the whole system while people use it
	@PATH="$(CURDIR)/$(BIN):$$PATH" bin/test tests/faults/test_abuse.py tests/faults/test_stores.py

test-upgrade: $(BIN)/.ready-dev static/vendor/.ready tools-all ## upgrade the whole system from the release before while people use it
	@PATH="$(CURDIR)/$(BIN):$$PATH" bin/test tests/faults/test_rolling_upgrade.py

audit: $(BIN)/.ready-dev node_modules/.ready-dev static/vendor/.ready ## check every page: axe, the Nu HTML checker, Lighthouse (ONLY="roster live")
	@bin/install-tools chromium java
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/python -m audit $(ONLY)

audit-libraries: $(BIN)/.ready-dev ## ask PyPI and npm which libraries have known vulnerabilities; needs the internet
	$(BIN)/uv tool run pip-audit --requirement requirements.txt --require-hashes --disable-pip --strict
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) audit --omit=dev

coverage: $(BIN)/.ready-dev static/vendor/.ready ## measure what the unit and integration tests run
	@bin/install-tools database redis
	$(BIN)/python -m pytest tests/unit tests/integration --quiet --numprocesses 2 --dist loadfile --cov

test-compose: $(BIN)/.ready-dev ## test the Compose system; needs a Docker engine
	$(BIN)/python -m pytest tests/compose -p no:randomly -x

chaos: $(BIN)/.ready-dev static/vendor/.ready tools ## inject random faults while people write, and print what was lost (SECONDS= SEED= NODES=)
	@exec $(BIN)/python -m stack.chaos

bench: $(BIN)/.ready static/vendor/.ready tools ## run the benchmarks beside Node.js (short: SECONDS=5 ROUNDS=1 VIEWERS=500 RATES=40)
	@exec $(BIN)/python -m bench

lint: $(BIN)/.ready-dev node_modules/.ready-dev ## check style, types and English
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && bin/check_english.py
	$(RUN) lint && $(RUN) types

format: $(BIN)/.ready-dev node_modules/.ready-dev ## format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	$(RUN) format

messages: $(BIN)/.ready-dev ## update the catalogues in translations/ with the texts of templates, Python and scripts
	@$(BIN)/python bin/messages.py

sbom: $(BIN)/.ready ## print a bill of materials (CycloneDX) of the Python and npm packages; images contain theirs
	@$(BIN)/python bin/sbom.py

lock: $(BIN)/.ready-dev ## write the requirements files from pyproject.toml (UPGRADE=--upgrade)
	$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile $(LOCK) --group assets -o requirements-assets.txt
LOCK = $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command 'make lock'

assets: static/vendor/.ready ## bundle frontend/ and copy its libraries

tools: ## install the servers that `make stack` starts (Debian, Ubuntu)
	@bin/install-tools database redis nginx

tools-all:
	@bin/install-tools

clean: ## remove everything built; the data under instance/ stays
	rm -rf .venv node_modules static/build static/vendor .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "Townhall needs Python 3.11 or newer with its venv module (on Debian and Ubuntu: python3-venv): install it, or name it with PYTHON="; exit 1; }
	$(PYTHON) -m venv .venv

$(BIN)/.ready: requirements.txt | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

$(BIN)/.ready-dev: requirements-dev.txt | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ $(BIN)/.ready

$(BIN)/npm: requirements-assets.txt | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements-assets.txt
	@touch $@

# The tools that check the scripts (120 MB) come with .ready-dev only: `make run` does not need them.
node_modules/.ready: package-lock.json | $(NPM)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --omit=dev --silent --no-audit --no-fund
	@touch $@

node_modules/.ready-dev: package-lock.json | $(NPM)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --silent --no-audit --no-fund
	@touch $@ node_modules/.ready

static/vendor/.ready: node_modules/.ready package.json $(shell find frontend translations -type f)
	$(RUN) build
	@touch $@

.PHONY: help run dev check stack test test-operations test-upgrade audit audit-libraries coverage test-compose chaos bench lint format messages sbom lock assets tools tools-all clean
