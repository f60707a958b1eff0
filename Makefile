# `make demo` and `make test` need Python 3.10 or newer (with its venv module) and make; everything else is installed
# into .venv by the stamp files below, which are made again only when the project file or the constraints change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES := $(shell $(PYTHON) -c "import os; print(os.cpu_count() or 1)")
EXTRAS_demo := demo
EXTRAS_docs := docs
EXTRAS_test := test,docs,demo
EXTRAS_bench := bench
EXTRAS_gpu := test,cuda

.PHONY: demo test gpu gpu-memcheck lint docs bench clients clean

demo: $(VENV)/demo.installed
	$(BIN)/python examples/demo.py

test: lint docs $(VENV)/test.installed
	$(BIN)/python -m pytest -q -n $(CORES)

# On a machine with an NVIDIA GPU and its driver: every suite again, computed there.
gpu: $(VENV)/gpu.installed
	$(BIN)/python -m pytest -q --target cuda tests/engine tests/conformance tests/frontends tests/torch tests/cuda

# Looks for accesses outside of memory, and for races, with a tool of the CUDA toolkit: slow, so a part of the suites.
gpu-memcheck: $(VENV)/gpu.installed
	@command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer, a tool of the CUDA toolkit, is not here"; exit 1; }
	for tool in memcheck racecheck synccheck; do \
		compute-sanitizer --tool $$tool --target-processes all --error-exitcode 9 $(BIN)/python -m pytest -q --target cuda \
			tests/engine/test_random_formulas.py tests/conformance/test_reductions.py -k "blocks_of_pairs or test_sums" || exit 1; \
	done

lint: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/docs.installed
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build/html

bench: $(VENV)/bench.installed
	$(BIN)/python -m benchmarks $(ARGUMENTS)

clients:
	$(PYTHON) tools/run_clients.py $(ARGUMENTS)

$(VENV)/%.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS_$*)]'
	touch $@

clean:
	rm -rf $(VENV) build dist docs/_build output
