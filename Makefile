# Scrubjay. Needs make and a Python of 3.11 or newer with pip; everything else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
DATA ?=
WORKERS ?= 2

# The first of these that is new enough; name another with `make PYTHON=/path/to/python …`.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
INSTALL = $(BIN)/python -m pip install -qq --no-input --constraint requirements.lock

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check lint unit chaos chaos-proof lock clean
.PHONY: audit sbom erase-proof bench bench-cost bench-fairness bench-recovery bench-footprint bench-keys evals-llm fuzz abuse tenants
.PHONY: import-proof docs test-all

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1|/p' $(firstword $(MAKEFILE_LIST)) | tr '|' '\t' | expand -t 22

demo: $(VENV)/.embedded ## replay a real conversation against the whole stack, then ask about it; needs no key
	@$(BIN)/scrubjay demo

up: $(VENV)/.embedded ## the whole stack in the foreground at http://127.0.0.1:8000 (PORT, DATA, WORKERS)
	@$(BIN)/scrubjay up --port $(PORT) $(if $(DATA),--data "$(DATA)") --workers $(WORKERS)

# The tests start Python well over a hundred times: what is compiled is kept, even where this is switched off.
test: $(VENV)/.dev tools ## every test: unit, contract, integration, end to end, browser, a short storm
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m tests.cost --budget test $(COST_CHECK) -- \
		$(BIN)/python -m pytest --numprocesses 3 --dist loadscope

test-all: check test tenants fuzz abuse erase-proof chaos chaos-proof ## all that is checked before a part is closed; two hours and more

check: lint unit ## formatting, lint, types, import contracts and unit tests, in under a minute

lint: $(VENV)/.dev ## the part of check that runs nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python -m tests.style
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

unit: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/unit

chaos: $(VENV)/.dev ## kill, stop and starve everything under load and count what was kept; about ten minutes (CHAOS="--help")
	@$(BIN)/python -m tests.chaos.fault_run $(CHAOS)

bench: $(VENV)/.dev ## how fast it is: prints a table, writes build/*.json
	@$(BIN)/python -m tests.bench

bench-cost: $(VENV)/.dev ## what remembering costs in model calls and characters, beside mem0ai (COST="--help")
	@$(BIN)/python -m tests.bench.cost $(COST)

chaos-proof: $(VENV)/.dev ## each invariant's test fails when its mechanism is taken out (PROOF="--only 3,6")
	@$(BIN)/python -m tests.chaos.proof $(PROOF)

erase-proof: $(VENV)/.dev ## owners are forgotten at the worst moments, and every trace of them is looked for (ERASE="--help")
	@$(BIN)/python -m tests.chaos.erase $(ERASE)

import-proof: $(VENV)/.dev ## 10,000 memories written by mem0ai are imported, interrupted, and compared (IMPORT="--help")
	@$(BIN)/python -m tests.imports $(IMPORT)

bench-fairness: $(VENV)/.dev ## what a quiet tenant waits beside noisy, poisoned, replaying, erasing ones; half an hour (FAIRNESS="--help")
	@$(BIN)/python -m tests.bench.fairness $(FAIRNESS)

bench-recovery: $(VENV)/.dev ## how long after kill -9 of a worker its turns are settled (RECOVERY="--help")
	@$(BIN)/python -m tests.bench.recovery $(RECOVERY)

bench-footprint: $(VENV)/.dev ## what Redis still holds of 200,000 turns past retention (FOOTPRINT="--help")
	@$(BIN)/python -m tests.bench.footprint $(FOOTPRINT)

bench-keys: $(VENV)/.dev ## what the check of a key costs, and how soon a revoked one is locked out (KEYS="--help")
	@$(BIN)/python -m tests.bench.keys $(KEYS)

fuzz: $(VENV)/.dev ## 10,000 requests by the OpenAPI document and 500 malformed ones for every route that writes (FUZZ="--help")
	@$(BIN)/python -m tests.fuzz $(FUZZ)

abuse: $(VENV)/.dev ## expensive but valid requests on every route, and what others see of it; some minutes (ABUSE="--help")
	@$(BIN)/python -m tests.abuse $(ABUSE)

tenants: $(VENV)/.dev ## 2,000 random requests of four tenants with look-alike names, and what they would see without the clause
	@TENANT_CASES=2000 $(BIN)/python -m pytest tests/tenants

evals-llm: $(VENV)/.dev ## question answering with a real model, for whoever has a key: make evals-llm ARGS="--help"
	@$(BIN)/python -m tests.evals.llm $(ARGS)

audit: $(VENV)/.dev ## look for unsafe, withdrawn, unpinned or wrongly licensed packages (AUDIT="--strict")
	@$(BIN)/python -m tests.supply.audit $(AUDIT)

sbom: $(VENV)/.dev ## what runs in production, as CycloneDX JSON in build/sbom.cdx.json (SBOM="--help")
	@$(BIN)/python -m tests.supply.sbom $(SBOM)

docs: $(VENV)/.dev ## write the pages that are made from the code
	@$(BIN)/python -m tests.docs

lock: ## write requirements.lock anew, from the newest that pyproject.toml allows
	@.ci/lock "$(PYTHON)"

clean: ## remove what make made, but never the data
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find api worker scrubjay tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: tools
tools:
	@.ci/install-tools

# A stamp is older than what it was made from only when something has changed: a second call installs nothing.
$(VENV)/.embedded: $(VENV)/.python pyproject.toml requirements.lock
	@echo "Installing Scrubjay into $(VENV) (once; well under a minute) …" >&2
	@$(INSTALL) --editable '.[server,embedded,mcp]'
	@touch $@

# jsonschema loads rfc3987-syntax wherever it finds it, which takes longer than all else in a process that speaks MCP. Only
# the check of the inventory's format brings it, and does without.
$(VENV)/.dev: $(VENV)/.python pyproject.toml requirements.lock Makefile
	@echo "Installing Scrubjay with its test tools into $(VENV) (once; about a minute) …" >&2
	@$(INSTALL) --editable '.[server,embedded,mcp,audit,dev]'
	@$(BIN)/python -m pip uninstall -qq --yes rfc3987-syntax
	@touch $(VENV)/.embedded $@

# A newer pip than the one at hand installs faster, and Debian's Python without python3-venv cannot make a pip itself.
$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Scrubjay needs Python 3.11 or newer; none was found. Install one, or name it: make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -m venv --clear --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --no-input --constraint requirements.lock pip 2>/dev/null \
		|| $(BIN)/python -m ensurepip
	@touch $@
