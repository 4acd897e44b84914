# Timebank: every command a person needs. `make help` lists them.
#
# The virtual environment is made from the hash-pinned lock files in requirements/. A stamp named
# by the checksum of what went into it makes the second run start at once, and a changed lock
# file, another Python or a moved folder makes it anew. The locks name everything, so pip is not to
# look further (--no-deps): an older one would take the newest of a package that another one asks
# for with an extra, and then miss its hash.

SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
FRESH ?=
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python

checksum = $(shell { pwd; $(PYTHON) -V; cat pyproject.toml $(1); } 2>&1 | cksum | cut -d' ' -f1)
BASE := $(VENV)/.base-$(call checksum,requirements/base.txt)
DEV := $(VENV)/.dev-$(call checksum,requirements/dev.txt)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench mutants screenshots lock format coverage

help: ## Show what there is to do
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name words; \
	  do printf '  make %-12s %s\n' "$$name" "$$words"; done

demo: $(BASE) ## Fill a community and serve it: PORT=8000, FRESH=1 starts over
	@exec $(PY) -m timebank.cli demo --port "$(PORT)" $(if $(FRESH),--fresh)

test: $(DEV) ## Run every test: ARGS="-k ledger" picks some
	@sh .ci/packages
	@$(PY) -m pytest -n auto $(ARGS)

check: $(DEV) ## Run every check of style, types and structure
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m djlint --lint --quiet templates

format: $(DEV) ## Put the code in the house form
	@$(PY) -m ruff check --fix --exit-zero .
	@$(PY) -m ruff format .

coverage: $(DEV) ## Run every test; every branch of ledger, policies and services must be taken
	@sh .ci/packages
	@$(PY) -m pytest -n auto --cov --cov-report=term $(ARGS)
	@$(PY) -m coverage report --include="ledger/*,timebank/*/policy*,timebank/*/service*" --fail-under=100

bench: $(DEV) ## Measure the speed, print a table and write it as JSON
	@$(PY) -m bench $(ARGS)

mutants: $(DEV) ## Put faults into a module, and list what no test notices: ARGS=ledger/verify.py
	@$(PY) -m bench.mutants $(ARGS)

screenshots: $(DEV) ## Take the pictures of the README again
	@sh .ci/packages
	@$(PY) -m bench.screenshots $(ARGS)

lock: $(DEV) ## Pin every dependency again, with hashes
	@$(PY) requirements/compile.py

# ---------------------------------------------------------------------------- set-up

$(BASE):
	@test -e $(DEV) || { $(call install,base) && rm -f $(VENV)/.base-*; }
	@touch $@

$(DEV):
	@$(call install,dev) && rm -f $(VENV)/.base-* $(VENV)/.dev-*
	@touch $@

define install
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || { echo "Timebank needs Python 3.11 or later; $(PYTHON) is older or missing."; exit 1; }; \
test -x $(PY) || $(PYTHON) -m venv $(VENV) \
  || { rm -rf $(VENV); echo "Python's venv is missing. On Debian: apt-get install python3-venv"; \
       exit 1; }; \
echo "Setting up (the first time takes a minute or two) ..."; \
$(PY) -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
  -r requirements/$(1).txt \
&& $(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
endef
