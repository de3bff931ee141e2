# The two commands of this project: `make run` and `make test`. Both work on a machine that has only Python.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint types unit clean

run: .venv/ready  ## train a compact Inception V3 on the embedded images and write a picture report
	$(BIN)/lecture-nets fit --model InceptionV3Module --model.width 0.25 \
		--data PartsWorldDataModule --data.image_size 96 --trainer.max_epochs 12

test: lint types unit  ## everything CI runs

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/pyright

unit: .venv/ready
	$(BIN)/python -m pytest

# pip, not uv: on a CPU-only machine pip is told where torch lies, other installers download a CUDA build.
.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

clean:
	rm -rf .venv runs
