# Each target makes or refreshes .venv itself; a second call is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
DEMO ?= build/demo
# Python with the training libraries, for the test of training; made by `make test` where it can be.
TRAIN ?= $(or $(SCOPESIDE_TRAIN_VENV),build/train/bin/python)

# A browser on a loaded machine may lose its driver: such a test is tried once more, and the
# closing line counts it. An assertion is never tried again.
RETRY := --reruns 1 --only-rerun selenium.common.exceptions --only-rerun WebDriverException

.PHONY: run test venv lint format bench evaluate wheels clean
.DEFAULT_GOAL := run
# Or every process that a test starts compiles the appliance anew.
unexport PYTHONDONTWRITEBYTECODE

# Only what the appliance runs on.
$(VENV)/run.stamp: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Scopeside needs Python 3.11 or newer with venv: sudo apt-get install python3-venv'; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# The same with what tests need; it includes the above.
$(VENV)/test.stamp: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $(VENV)/run.stamp $@

# axe-core for the tests of pages. It comes within a Python package, of which nothing else is used.
build/axe: | $(VENV)/test.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $@ axe-playwright-python==0.1.8

venv: $(VENV)/test.stamp

run: $(VENV)/run.stamp
	$(BIN)/scopeside demo --data $(DEMO)

test: $(VENV)/test.stamp build/axe
	@sh tests/debian.sh
	@sh tests/tflite.sh $(BIN)/python
	@sh tests/train.sh $(BIN)/python
	$(BIN)/python -m coverage erase
	SCOPESIDE_TFLITE_VENV=build/tflite/bin/python SCOPESIDE_TRAIN_VENV=$(TRAIN) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(RETRY) --cov --cov-report=term:skip-covered

lint: $(VENV)/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/test.stamp
	$(BIN)/python -m tests.bench

evaluate: $(VENV)/test.stamp
	$(BIN)/python -m models.training.evaluate_cells $(DATA) --out build/evaluation
	$(BIN)/python -m models.training.evaluate $(DATA) --out build/evaluation
	test ! -x $(TRAIN) || $(TRAIN) -m models.training.twins $(DATA)
	$(BIN)/python -m models.training.learning_curve $(DATA) --out build/evaluation
	$(BIN)/python -m models.training.evaluate_attention $(DATA) --out build/evaluation
	$(BIN)/python -m models.training.evaluate_cut_out $(DATA) --out build/evaluation
	$(BIN)/python -m models.training.evaluate_range $(DATA) --out build/evaluation
	$(BIN)/python -m models.training.morphology_trial $(DATA) --out build/evaluation
	$(BIN)/python -m models.training.case_score $(DATA) --out build/evaluation
	test ! -x $(TRAIN) || $(TRAIN) -m models.training.field_twins $(DATA) --out build/evaluation
	test ! -x $(TRAIN) || $(TRAIN) -m models.training.left_out_range $(DATA) --out build/evaluation

# Does every run-time dependency have wheels for the boards?
wheels: $(VENV)/test.stamp
	$(BIN)/python tests/wheels.py

clean:
	rm -rf build .venv *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
