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
EXTRAS_release := release

BINDING_PACKAGES := r-base-core r-cran-reticulate r-cran-testthat r-cran-knitr r-cran-rmarkdown octave gnuplot-nox \
	ghostscript fonts-freefont-otf octave-dev gcc g++ gfortran valgrind chromium chromium-driver

.PHONY: demo test bindings bindings-packages gpu gpu-check gpu-memcheck jax-matrix jax-lowest lint docs gallery distributed bench fuzz clients \
	dask recipes release-check aarch64 clean

demo: $(VENV)/demo.installed
	$(BIN)/python examples/demo.py

test: lint docs $(VENV)/test.installed
	$(BIN)/python -m pytest -q -n $(CORES)
	$(BIN)/python tools/check_bindings.py

# The packages for R, MATLAB and Octave: what R or Octave would check is left out, in words, where they are not installed.
bindings: $(VENV)/test.installed
	$(BIN)/python -m pytest -q tests/bridge
	$(BIN)/python tools/check_bindings.py

# On Debian and Ubuntu, as root; the compilers are for kernels ahead of time, the browser looks at the documentation.
bindings-packages:
	dpkg -s $(BINDING_PACKAGES) >/dev/null 2>&1 || \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(BINDING_PACKAGES); }

# On a machine with an NVIDIA GPU and its driver: every suite again, computed there.
gpu: $(VENV)/gpu.installed
	$(BIN)/python -m pytest -q --target cuda tests/engine tests/conformance tests/api tests/language tests/lazy tests/solvers tests/sparsity \
		tests/torch tests/cupy tests/targets tests/pykeops/test_interface.py tests/pykeops/test_do_better.py

# The first minutes on such a machine: installs nothing, and runs on whatever Python has what is needed.
gpu-check:
	PYTHONPATH=src $(PYTHON) tools/gpu_check.py $(ARGUMENTS)

# Looks for accesses outside of memory, and for races, with a tool of the CUDA toolkit: slow, so a part of the suites.
gpu-memcheck: $(VENV)/gpu.installed
	@command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer, a tool of the CUDA toolkit, is not here"; exit 1; }
	for tool in memcheck racecheck synccheck; do \
		compute-sanitizer --tool $$tool --target-processes all --error-exitcode 9 $(BIN)/python -m pytest -q --target cuda \
			tests/engine/test_random_formulas.py tests/conformance/test_reductions.py -k "blocks_of_pairs or test_sums" || exit 1; \
	done

# Every transform of JAX on every reduction and every formula of tests/jax/dense.py: about 30 minutes of one core.
jax-matrix: $(VENV)/test.installed
	PAIRFOLD_ALL_FORMULAS=1 $(BIN)/python -m pytest -q -n $(CORES) tests/jax/test_matrix.py

# The tests of pairfold.jax with the oldest JAX that it supports, in an environment of their own. It has no shard_map that
# checks axes, and its cache of compiled programs is not hit.
jax-lowest:
	test -x build/jax-lowest/bin/python || $(PYTHON) -m venv build/jax-lowest
	build/jax-lowest/bin/python -m pip install --quiet "jax==0.5.0" "jaxlib==0.5.0" "numpy<2.3" absl-py flatbuffers hypothesis \
		ml_dtypes pytest --editable .
	build/jax-lowest/bin/python -m pytest -q -p no:cacheprovider tests/jax --ignore tests/jax/test_sharded.py \
		--deselect tests/jax/test_programs.py::test_the_compilation_cache_serves_other_processes $(ARGUMENTS)

lint: $(VENV)/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/docs.installed
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build/html

# The pages of the gallery, each at the full size that it states: heavy, for a quiet machine.
gallery: $(VENV)/docs.installed
	PAIRFOLD_GALLERY=full $(BIN)/sphinx-build -q -W --keep-going docs docs/_build/html

# Every reduction and its derivatives, in two and three processes that have parts of the rows and columns, and how much
# faster two are than one: minutes of an idle machine with two cores.
distributed: $(VENV)/test.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.torch.test_distributed
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.ranks

bench: $(VENV)/bench.installed
	$(BIN)/python -m benchmarks $(ARGUMENTS)

fuzz: $(VENV)/test.installed
	$(BIN)/python tools/fuzz_formulas.py --jobs $(CORES) $(ARGUMENTS)

# What docs/dask.rst says of clusters, measured with processes of this machine: it should be idle.
dask: $(VENV)/test.installed
	$(BIN)/python -m benchmarks.dask_cluster $(ARGUMENTS)

# The recipes of docs/larger.rst, in an environment of their own. Spark needs Java 17.
recipes:
	test -x .recipes/bin/python || $(PYTHON) -m venv .recipes
	.recipes/bin/python -m pip install --quiet pyspark==4.3.0 ray==2.60.0 pyarrow pandas .
	for recipe in tools/recipes/*.py; do PYTHONPATH= .recipes/bin/python $$recipe || exit 1; done

# The wheel and the source distribution, each installed into an empty environment of every Python that is here.
release-check: $(VENV)/release.installed
	$(BIN)/python tools/release_check.py $(ARGUMENTS)

clients:
	$(PYTHON) tools/run_clients.py $(ARGUMENTS)

$(VENV)/%.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS_$*)]'
	touch $@

# The suites as 64-bit Arm programs, emulated on x86-64 Debian: hours. docs/processors.rst says what was run.
aarch64:
	tools/aarch64_environment.sh build/aarch64 .
	build/aarch64/python -m pytest -q -p no:cacheprovider tests/ir tests/ops tests/reductions tests/transform \
		tests/codegen tests/conformance tests/engine tests/api tests/language tests/lazy tests/solvers tests/sparsity tests/targets/cpu \
		tests/pykeops/test_interface.py tests/pykeops/test_do_better.py --ignore tests/codegen/test_all_float32.py $(ARGUMENTS)

clean:
	rm -rf $(VENV) .recipes build dist docs/_build docs/gallery docs/reference/*/ output
