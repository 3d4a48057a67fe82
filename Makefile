# Kokyaku. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
UV := .tools/bin/uv
BIN := $(VENV)/bin
TESTS ?= tests
JOBS ?= auto
FRIENDS ?= 100000
# Of `make bench`: the bars' sizes. The crashes alone take 20 to 40 minutes a database; KILLS=10 is a first look.
KILLS ?= 100
SERVER_KILLS ?= 5
CRASH_FRIENDS ?= 20000

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint types bench check requirements clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

$(VENV)/.ready: requirements.txt pyproject.toml
	@echo "Installing …"
	@sh scripts/install requirements.txt $(PYTHON)
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt pyproject.toml
	@echo "Installing what tests need …"
	@sh scripts/install requirements-dev.txt $(PYTHON)
	@touch $@ $(VENV)/.ready

setup: $(VENV)/.ready ## Install what running needs

setup-dev: $(VENV)/.ready-dev ## Install what tests, lint and benchmarks need as well

run: setup ## Run everything on SQLite; without LINE credentials with the simulator and sample data
	@exec $(BIN)/kokyaku serve

test: setup-dev ## Run all tests on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n $(JOBS) --maxschedchunk 10 $(TESTS)

lint: setup-dev ## Check style and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: setup-dev ## Check types, strictly
	@$(BIN)/pyright

check: lint types test ## Everything a change must pass

bench: setup-dev ## Measure, for hours; KILLS=10 is shorter, FRIENDS=1000000 the full size, PURCHASES=CDNOW_master.txt adds real data
	$(BIN)/python benchmarks/crash.py --database sqlite --kills $(KILLS) --friends $(CRASH_FRIENDS)
	$(BIN)/python benchmarks/crash.py --database postgresql --kills $(KILLS) --friends $(CRASH_FRIENDS) --server-kills $(SERVER_KILLS) --workers 2
	$(BIN)/python benchmarks/delivery.py --friends 50000 --broadcast $(FRIENDS) --database sqlite
	$(BIN)/python benchmarks/delivery.py --friends 50000 --broadcast $(FRIENDS) --database postgresql
	$(BIN)/python benchmarks/webhook.py --database postgresql
	$(BIN)/python benchmarks/rehearsal.py --friends 2000 --days 90 --database sqlite
	$(BIN)/python benchmarks/console.py --friends $(FRIENDS) --purchases $(FRIENDS)0 --database sqlite
	$(BIN)/python benchmarks/segments.py --friends $(FRIENDS) --purchases $(FRIENDS)0 --database sqlite
	$(BIN)/python benchmarks/segments.py --friends $(FRIENDS) --purchases $(FRIENDS)0 --database postgresql
ifdef PURCHASES
	$(BIN)/python benchmarks/real_input.py $(PURCHASES)
	$(BIN)/python benchmarks/cycle_accuracy.py $(PURCHASES) --cutoff 1997-09-30 --end 1998-06-30
endif

requirements: setup-dev ## Pin the dependencies again
	@sh scripts/pin

clean: ## Remove what was installed, not the data under var/
	rm -rf $(VENV) .tools
