# Two commands set everything up: `make demo` and `make test`. Both work in a virtual environment of their own, .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# MNIST is used where its files are found; else the digits that scikit-learn brings along.
MNIST := $(firstword $(wildcard $(addsuffix /train-images-idx3-ubyte*,$(SYMBP_DATA) $(SYMBP_DATA)/mnist data data/mnist)))
TRAINED := $(if $(MNIST),mnist_mlp,digits_mlp)

.PHONY: demo test test-slow fuzz lint golden figures bench clean

demo: $(VENV)/.demo  ## generate, check and train a network
	$(BIN)/symbp generate specs/mnist_mlp.yaml -o build/demo
	$(BIN)/symbp check specs/mnist_mlp.yaml
	$(BIN)/symbp derive specs/mnist_mlp.yaml --format markdown -o build/demo
	@echo "training on $(if $(MNIST),MNIST,scikit-learn's digits; for MNIST, name its folder in SYMBP_DATA)"
	$(BIN)/symbp train specs/$(TRAINED).yaml
	@echo "the derivation: build/demo/mnist_mlp.tex (LaTeX), build/demo/mnist_mlp.md (Markdown)"
	@echo "the module:     build/demo/mnist_mlp.py"

test: $(VENV)/.test  ## the tests that every change must pass
	$(BIN)/python -m pytest -n auto

test-slow: $(VENV)/.test  ## what takes minutes: thousands of random specs and formulas, every shape
	$(BIN)/python -m pytest -n auto -m slow

fuzz: $(VENV)/.test  ## thousands of random networks beside autodiff: an hour
	$(BIN)/python tests/random_networks.py --count 3000

lint: $(VENV)/.test  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

golden: $(VENV)/.test  ## write generated/ and the outputs of the notebook anew
	$(BIN)/python tests/golden.py
	$(BIN)/python -m docs.notebook

figures: $(VENV)/.figures  ## every figure, into docs/figures.md: minutes
	$(BIN)/python -m benchmarks

bench: $(VENV)/.bench  ## steps beside PyTorch, JAX and others, into docs/benchmarks.md: a quarter of an hour
	$(BIN)/python -m benchmarks.speed

clean:
	rm -rf $(VENV) build runs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable ".[train,check]"
	@touch $@

# PyTorch may be large; one that is installed already is kept.
$(VENV)/.figures: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable ".[test,torch]"
	@touch $@ $(VENV)/.test $(VENV)/.demo

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable ".[test,bench]"
	@touch $@ $(VENV)/.figures $(VENV)/.test $(VENV)/.demo

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --editable ".[test]"
	@touch $@ $(VENV)/.demo
