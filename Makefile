# Townhall. `make help` lists what can be done.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# A Python >= 3.11 that can make virtual environments; `make run PYTHON=/path/to/python3` names another.
# The distribution's own comes first: it is built with a profile, which version managers leave out by
# default; that is a tenth of the CPU of a page and a seventh of a node's.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# An npm of the machine, else the one that the Node.js wheel brings.
NPM = $(shell command -v npm || echo $(BIN)/npm)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

run: $(BIN)/.ready static/vendor/.ready ## the embedded default: one process, SQLite, http://localhost:8000 (PORT=)
	@exec $(BIN)/python wsgi.py

stack: $(BIN)/.ready static/vendor/.ready tools ## the full system on loopback without Docker (PORT= WEB= NODES= DEMO=)
	@exec $(BIN)/python -m stack

test: $(BIN)/.ready-dev static/vendor/.ready tools-all ## every check and every test, against real servers
	@PATH="$(CURDIR)/$(BIN):$$PATH" bin/test

test-compose: $(BIN)/.ready-dev ## prove the composed system wherever a Docker engine answers
	$(BIN)/python -m pytest tests/compose -p no:randomly -x

chaos: $(BIN)/.ready-dev static/vendor/.ready tools ## random faults on a private stack while people write; prints what was lost (SECONDS= SEED= NODES=)
	@exec $(BIN)/python -m stack.chaos

bench: $(BIN)/.ready static/vendor/.ready tools ## the benchmarks, beside Node.js doing the same (SECONDS=5 ROUNDS=1 VIEWERS=500 RATES=40 for a short look)
	@exec $(BIN)/python -m bench

lint: $(BIN)/.ready-dev ## ruff and mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: $(BIN)/.ready-dev ## let ruff lay the code out
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: ## write the requirements files anew from pyproject.toml (UPGRADE=--upgrade)
	$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile $(LOCK) --group assets -o requirements-assets.txt
LOCK = $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command 'make lock'

assets: static/vendor/.ready ## bundle frontend/ and copy its libraries, as package-lock.json has them

tools: ## install the servers that `make stack` starts (Debian, Ubuntu)
	@bin/install-tools database redis nginx

tools-all:
	@bin/install-tools

clean: ## remove what was built (the data under instance/ stays)
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

# The tools that check the scripts (120 MB) come with .ready-dev alone: `make run` needs none of them.
node_modules/.ready: package-lock.json | $(NPM)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --omit=dev --silent --no-audit --no-fund
	@touch $@

node_modules/.ready-dev: package-lock.json | $(NPM)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --silent --no-audit --no-fund
	@touch $@ node_modules/.ready

static/vendor/.ready: node_modules/.ready package.json $(shell find frontend -type f)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) run --silent build
	@touch $@

.PHONY: help run stack test test-compose chaos bench lint format lock assets tools tools-all clean
