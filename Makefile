# One word an action, the same here, in the README and in CI. Everything Python stands in .venv, made here.

PYTHON ?= python3
DEMO_ARGS ?=
PYTEST_ARGS ?= -n 2

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
TEST_ENV := tools/without-keys.sh
NODE_MODULES := js/node_modules/.package-lock.json
FAST_TESTS := $(wildcard tests/unit tests/wire tests/project)
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check matrix bundles house fix clean venv lint lint-python lint-js need-node system-packages

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.demo ## open JupyterLab on the quickstart, simulated (Python 3.11+ is all it needs)
	@tools/demo.sh $(DEMO_ARGS)

test: system-packages need-node lint ## everything: linters, JavaScript, bundles, every test (needs Node 20+)
	@cd js && npm run --silent test
	@tools/bundles-fresh.sh
	@$(TEST_ENV) $(PY) -m pytest $(PYTEST_ARGS)

check: lint ## what to run before each commit: linters, types, floors, the fast tests
	@$(TEST_ENV) $(PY) -m pytest -m "not slow and not kernel and not browser" $(PYTEST_ARGS) $(FAST_TESTS)

matrix: venv ## the kernel's tests on three ipykernels and two pandas, each pair in a venv of its own
	@$(TEST_ENV) $(PY) tools/matrix.py

bundles: need-node $(NODE_MODULES) $(VENV)/.dev ## write js/lib/messages.ts, build js/ into hailuo_widgets/static (Node 20+)
	@$(PY) tools/messages_ts.py
	@cd js && npm run --silent build

house: $(VENV)/.made ## measure the package: rooms, floors, arrows, circles; AGAINST=path adds another checkout
	@$(PY) tools/house.py $(if $(AGAINST),--against $(AGAINST))

fix: $(VENV)/.dev ## format, and mend what the linters can mend
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format --quiet .
	@if command -v npm >/dev/null 2>&1; then \
	  $(MAKE) --no-print-directory $(NODE_MODULES) && cd js && npm run --silent format; \
	else echo "Node is missing: js/ was not formatted."; fi

clean: ## remove what this file made; never a run log, a clip or a demo notebook
	@rm -rf $(VENV) .venvs js/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find hailuo_widgets tests -name __pycache__ -type d -prune -exec rm -rf {} +

venv: $(VENV)/.dev ## make .venv with everything for development

lint: lint-python lint-js

lint-python: $(VENV)/.dev
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) tools/house.py
	@$(PY) tools/check_catalog.py

lint-js:
	@if command -v npm >/dev/null 2>&1; then \
	  $(MAKE) --no-print-directory need-node $(NODE_MODULES) && cd js && npm run --silent check; \
	else echo "Node is missing: js/ was not checked (make test and CI check it)."; fi

need-node:
	@command -v npm >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { \
	  echo "Node 20 or newer, with npm, is needed here (make demo and make check do without)." >&2; exit 1; }

system-packages:
	@tools/system-packages.sh

# A stamp is written last: an installation that broke off is taken up again, a finished one costs nothing.
$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "$(PYTHON) is not here: install Python 3.11 or newer, or name one, as in 'make demo PYTHON=python3.12'." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1): hailuo-widgets needs Python 3.11 or newer;" \
	    "name one, as in 'make demo PYTHON=python3.12'." >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { \
	  echo "$(PYTHON) could not make $(VENV): on Debian and Ubuntu its package python3-venv is missing." >&2; exit 1; }
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	@echo "installing hailuo-widgets and JupyterLab into $(VENV) (once; about a minute)"
	@$(PIP) install --editable '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@echo "installing hailuo-widgets and its development tools into $(VENV) (once; about a minute)"
	@$(PIP) install --editable '.[dev]'
	@touch $@

# Not `npm ci`: it refuses a lock that lacks an optional package of another platform, and a registry that does not carry
# every platform's makes only such locks. What is installed is what the lock says, and the lock is left as it is.
$(NODE_MODULES): js/package.json js/package-lock.json
	@cd js && npm install --no-save --loglevel=error --no-fund --no-audit >/dev/null
	@touch $@
