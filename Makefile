# Everything a newcomer needs: `make demo` and `make test`. Only python3, make and git are presumed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo test unit check fmt bench defences chaos lock clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.main ## see both jobs work on a local Telegram (ARGS="--once --output json")
	@$(BIN)/gatecrier demo $(ARGS)

test: $(VENV)/.dev ## run every test (ARGS="-k gate")
	@$(BIN)/python -m pytest $(ARGS)

unit: $(VENV)/.dev ## run only the tests that open no database and no socket: about twenty seconds
	@$(BIN)/python -m pytest -m "not database and not story and not long" -p no:schemathesis \
		--ignore tests/sandbox/test_schemathesis.py $(ARGS)

check: $(VENV)/.dev ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fmt: $(VENV)/.dev ## format and mend what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## measure ourselves beside our peers, as ratios
	@$(BIN)/python -m benchmarks $(ARGS)

defences: $(VENV)/.dev ## take each defence of the gate out, and see its tests fail (ARGS="N3 12")
	@PYTHONPATH=tests $(BIN)/python -m defences $(ARGS)

chaos: $(VENV)/.dev ## processes under fire, whole size, some minutes (ARGS="campaign --seed 7", "gate")
	@PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet
lock: $(VENV)/.dev ## renew requirements/*.txt from pyproject.toml
	@$(BIN)/$(LOCK) requirements/build.in -o requirements/build.txt
	@$(BIN)/$(LOCK) pyproject.toml -o requirements/main.txt
	@$(BIN)/$(LOCK) --extra dev pyproject.toml -o requirements/dev.txt

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Gatecrier needs Python 3.11 or newer; set one with: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.main: $(BIN)/python requirements/build.txt requirements/main.txt pyproject.toml
	@echo "Installing Gatecrier into $(VENV) ..." >&2
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --require-hashes -r requirements/main.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.main requirements/dev.txt
	@echo "Installing the tools for tests and checks ..." >&2
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
