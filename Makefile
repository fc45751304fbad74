# Everything from a fresh clone: needs Python 3.11 or later, make and a package index.
# Which index is the user's affair: pip and uv read their own settings, and none is named here.

PYTHON ?= python3
VENV := .venv

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
UVBIN := $(VENV)/uv/Scripts
else
BIN := $(VENV)/bin
UVBIN := $(VENV)/uv/bin
endif

# The certificates that the machine trusts; the second name is that of older releases of uv.
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled once here, or every start would read a thousand files of source: pip does so unasked.
export UV_COMPILE_BYTECODE := 1
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help demo test bench lint docs

help:
	@echo "make demo    a left shift for Norfolk and Suffolk beside no change, with its report"
	@echo "make test    every test; browser tests are skipped where there is no Chromium"
	@echo "make bench   speed and memory, beside what they must be"
	@echo "make lint    style, formatting and types"
	@echo "make docs    the reference pages, from the code and the catalogue"
	@echo ""
	@echo "PYTHON=...   the Python to begin with ($(PYTHON)); 3.11 or later"

demo: $(VENV)/ready-to-run
	@$(BIN)/leftshift demo

test: $(VENV)/ready-to-develop
	@$(BIN)/python -m pytest -q

bench: $(VENV)/ready-to-develop
	@$(BIN)/python benchmarks/bench.py

lint: $(VENV)/ready-to-develop
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

docs: $(VENV)/ready-to-develop
	@$(BIN)/python tools/build_docs.py

# uv has a corner of its own, because it removes from .venv what the lock does not name.
$(VENV)/uv/ready:
	@$(PYTHON) -c "import sys; sys.exit('Leftshift needs Python 3.11 or later, not ' + sys.version.split()[0] + '. Name another: make PYTHON=python3.12') if sys.version_info < (3, 11) else None"
	@test -e $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@echo "Setting up: uv ..."
	@$(PYTHON) -m venv --clear $(VENV)/uv
	@$(UVBIN)/python -m pip install --quiet "uv>=0.7"
	@echo "uv" > $@

# $(call install,OPTIONS): what the lock names. Where the index is one that only pip knows of, the
# same versions, checked by the same hashes, come through pip.
define install
	@echo "Setting up: what Leftshift needs ..."
	@$(UVBIN)/uv sync --quiet --frozen --inexact $(1) || { \
	  echo "uv could not install: trying the same versions through pip ..."; \
	  $(UVBIN)/uv export --quiet --frozen --no-emit-project $(1) --output-file $(VENV)/locked.txt && \
	  $(UVBIN)/python -m pip --python $(BIN)/python install --quiet -r $(VENV)/locked.txt && \
	  $(UVBIN)/python -m pip --python $(BIN)/python install --quiet --no-deps --editable . ; }
	@$(BIN)/python -m compileall -q src/leftshift
endef

$(VENV)/ready-to-run: $(VENV)/uv/ready pyproject.toml uv.lock
	$(call install,--no-dev)
	@echo "run" > $@

$(VENV)/ready-to-develop: $(VENV)/uv/ready pyproject.toml uv.lock
	$(call install,--group dev)
	@echo "develop" > $@
	@echo "run" > $(VENV)/ready-to-run
