# The two commands of this project: `make run` and `make test`. Both work on a machine that has only Python.
PYTHON ?= python3
BIN := .venv/bin

NOTEBOOKS ?= $(wildcard notebooks/[0-9]*.py)

.PHONY: run test lint types unit notebooks notebooks-test robustness mutants docs slides wheel wheel-test lock locked clean

run: .venv/ready  ## train a compact Inception V3 on the embedded images and write a report
	$(BIN)/lecture-nets fit --model InceptionV3Module --model.width 0.25 \
		--data PartsWorldDataModule --data.image_size 96 --trainer.max_epochs 12

test: lint types docs unit notebooks-test  ## everything CI runs

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/pyright

unit: .venv/ready  ## on all cores; the tests of one file stay together, with what they share
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

notebooks: .venv/ready  ## run notebooks/*.py (or NOTEBOOKS=notebooks/03_filter_cascades.py), write the .ipynb
	$(BIN)/python tests/notebooks/execute.py $(NOTEBOOKS)

notebooks-test: .venv/ready  ## run the notebooks and compare every output
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-sanitize-with notebooks/nbval.cfg \
		--nbval-cell-timeout=120 -p no:python -n auto --dist loadscope notebooks

robustness: .venv/ready  ## the same on other numbers of threads, instructions, folders; takes long
	$(BIN)/python tests/notebooks/robustness.py

mutants: .venv/ready  ## plant faults in the package: each must turn its notebook red; takes long
	$(BIN)/python tests/notebooks/mutants.py

docs: .venv/ready slides  ## the site, in build/site/index.html, which needs no network
	rm -rf build/site
	$(BIN)/sphinx-build -W --keep-going -E -q -j auto -b html -d build/doctrees docs build/site
	cp -r build/slides docs/explorer build/site
	$(BIN)/lecture-nets explorer build/site/explorer

slides: .venv/ready  ## build/slides/*.html, which need no network
	$(BIN)/python docs/slides/build.py

wheel: .venv/ready  ## dist/*.whl and dist/*.tar.gz, without a network
	rm -rf dist
	$(BIN)/python -m build --no-isolation

wheel-test:  ## test what `make wheel` built, outside the checkout (or TESTS="tests/nets tests/callbacks")
	.ci/wheel-test $(TESTS)

lock: .venv/ready  ## write .ci/requirements.lock and the wheel's list of parts, from what .venv holds
	.ci/lock

locked:  ## a .venv of exactly the versions and hashes of .ci/requirements.lock, as in CI
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch .venv/ready

# pip, not uv: on a CPU-only machine pip is told where torch lies, other installers download a CUDA build.
.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

clean:
	rm -rf .venv runs build
