# `make demo` and `make test` need only Python 3.11 to 3.13 and a package
# index; both make .venv first.
PYTHON ?= python3
BIN := .venv/bin
# Processes that tests are spread over, file by file; a file is never divided.
# Two more than two cores: many tests wait, for a worker or a server. Each
# computes with one thread, so that they don't wait for each other's.
TEST_PROCESSES ?= 4
TEST_THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1

.PHONY: demo test lint bench bench-gpu clean

.venv/installed: setup.cfg constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "make: Python 3.11 to 3.13 is needed; say PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -e '.[dev]' -c constraints.txt
	touch $@

demo: .venv/installed
	$(BIN)/python train.py
	$(BIN)/python export.py --run_dir=runs/mnist_5k --export_dir=exports/mnist_5k
	@echo
	@echo "Pictures: runs/mnist_5k/samples (samples.gif shows the whole run)"
	@echo "Models:   exports/mnist_5k"

test: .venv/installed
	$(TEST_THREADS) $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile \
	  --no-loadscope-reorder

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[bench]' -c constraints.txt
	$(BIN)/python benchmarks/training_step.py

# On a machine with a GPU: the tests that meet it, then the step beside
# PyTorch's, with XLA off and on. Asks for TensorFlow's CUDA libraries.
GPU_TESTS := tests/kernels tests/models tests/training tests/contracts/test_resume.py

bench-gpu: .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[bench]' 'tensorflow[and-cuda]' \
	  -c constraints.txt
	$(BIN)/python -m pytest $(GPU_TESTS)
	$(BIN)/python benchmarks/training_step.py --device=gpu --json=bench-gpu.json

clean:
	rm -rf .venv build dist *.egg-info
