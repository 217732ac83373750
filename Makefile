# What can be done here. `make` alone lists it; README.md explains it.
# Everything is installed below this folder (.uv, .venv, .venv-bench, .venv-ciw, .venv-matrix); the system Python is only used to begin.

# The Python to build the environments from; after changing it, `make clean` first.
PYTHON ?= python3
UV_VERSION := 0.13.9
CIW_VERSION := 3.2.7
SYNC = .uv/bin/uv sync --frozen --extra fast --extra parquet --extra sensitivity --extra cluster --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')"

SCENARIO ?= scenarios/operations/wyoming_safe_haul_2025.yaml
RESULTS ?= results/wyoming
REPLICATIONS ?= 400
SEED ?= 7

# The interpreter is the one found by PYTHON: uv downloads none. A virtual environment that happens to be active is left alone.
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME
# What Python has compiled is kept beside its source: else every start would compile all libraries anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run scenarios compile test test-slow browser lint format pictures digests schema verify mutants matrix sbc bench clean

help: ## list these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.complete ## install everything into .venv from uv.lock, with .venv/bin/stopflow

# The stamp is made last: an interrupted installation is taken up again by the next make.
.venv/.complete: uv.lock pyproject.toml | .uv/.complete-$(UV_VERSION)
	UV_PROJECT_ENVIRONMENT=.venv $(SYNC)
	@touch $@

.uv/.complete-$(UV_VERSION):
	rm -rf .uv
	"$(PYTHON)" -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

run: setup ## simulate the Wyoming operation of 2025 and write results/wyoming (SCENARIO, RESULTS, REPLICATIONS, SEED)
	.venv/bin/stopflow run "$(SCENARIO)" --replications $(REPLICATIONS) --seed $(SEED) --out "$(RESULTS)" --force

scenarios: setup ## run every shipped scenario and show what was reported beside what is simulated
	.venv/bin/stopflow reproduce

test: setup ## run the tests, without the slow ones
	.venv/bin/python -m sim.engines.compiled
	.venv/bin/pytest -n auto --dist worksteal

compile: setup ## compile the fast engine now, which long runs would do first
	.venv/bin/python -m sim.engines.compiled

test-slow: setup ## run the long statistical proofs
	.venv/bin/pytest -m slow

browser: setup ## install what the browser tests need (a Chromium must be there: apt-get install chromium)
	UV_PROJECT_ENVIRONMENT=.venv $(SYNC) --group browser

lint: setup ## check style, format and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: setup ## format the code and repair what can be repaired safely
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

pictures: setup ## draw the pictures of the README again
	.venv/bin/stopflow run wyoming_safe_haul_2025 --replications 400 --seed 7 --out results/pictures --force
	cp results/pictures/figures/reported_against_simulated.svg results/pictures/figures/flow.svg docs/pictures/

digests: setup ## accept changed results: write tests/digests.json anew (flag it in CHANGELOG.md)
	.venv/bin/python -m tests.digests

schema: setup ## write scenarios/scenario.schema.json, which editors use to check scenarios
	.venv/bin/python -m sim.schema

# A section of docs/verification.md for each; SECTIONS="theory fuzz" names some.
verify: .venv/.complete-mutation ## run the long proofs again (a day on two cores; SECTIONS) and write docs/verification.md
	.venv/bin/python -m tests.verification $(SECTIONS)

.venv/.complete-mutation: uv.lock pyproject.toml | .venv/.complete
	UV_PROJECT_ENVIRONMENT=.venv $(SYNC) --group mutation
	@touch $@

mutants: .venv/.complete-mutation ## try every place of the model with a small error in it; docs/verification/mutants.md
	.venv/bin/python -m tests.mutants --jobs 2

matrix: setup ## one digest on every Python, with the oldest and newest libraries; docs/verification/determinism.md
	.venv/bin/python -m tests.matrix

sbc: setup ## check the calibration's intervals by simulation (under two hours) and write docs/verification/
	.venv/bin/python -m tests.sbc

bench: .venv-bench/.complete .venv-ciw/.complete-$(CIW_VERSION) ## measure the engines and write docs/performance.md (BENCH=--quick: a trial)
	.venv-bench/bin/python -m sim.engines.compiled
	.venv-bench/bin/python -m tests.bench $(BENCH)

.venv-bench/.complete: uv.lock pyproject.toml | .uv/.complete-$(UV_VERSION)
	UV_PROJECT_ENVIRONMENT=.venv-bench $(SYNC) --group bench
	@touch $@

# Ciw's wheel brings a top-level package `tests`, which would hide ours: so it lives apart, and without that.
.venv-ciw/.complete-$(CIW_VERSION): | .uv/.complete-$(UV_VERSION)
	rm -rf .venv-ciw
	.uv/bin/uv venv --quiet --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')" .venv-ciw
	.uv/bin/uv pip install --quiet --python .venv-ciw/bin/python "ciw==$(CIW_VERSION)"
	rm -rf .venv-ciw/lib/python*/site-packages/tests
	@touch $@

clean: ## remove the environments and caches; results stay
	rm -rf .venv .venv-bench .venv-ciw .venv-matrix .uv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find sim tests -type d -name __pycache__ -prune -exec rm -rf {} +
