# Everything a person does here. It needs make and a Python from 3.11 to 3.14; the rest is set up on first use.
#   make report                        the whole study, as pages
#   make test PYTHON=python3.13        with another Python (for a new environment)
#   make bench BENCH=forecasting       one of the benchmarks: agents, forecasting, desk

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_LOCK := benchmarks/requirements-bench.lock
BENCH ?= agents forecasting desk
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
# Run again with every test: two that take seconds. `make thorough` runs all of them.
QUICK := $(addprefix notebooks/,06_teams.ipynb 15_how_it_works.ipynb)
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=300 --nbval-sanitize-with tests/nbval_sanitize.cfg
UV_COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

# numba's default thread pool spins when the machine is busy, which makes small kernels many times slower.
export NUMBA_THREADING_LAYER ?= workqueue

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report look test types tests thorough mutants fuzz schema notebooks messages lab bench lock setup clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

report: $(READY) ## run the notebooks and publish the study as pages in site/
	$(BIN)/forecast report --pdf

look: $(READY) ## open every page of site/ in a browser, wide and narrow, and check it for everybody (needs Chromium)
	$(BIN)/pytest -q tests/publish/test_site.py --site site

test: $(READY) ## check the code, its types and imports, the examples in docstrings, the tests, and the numbers of quick notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --jobs 2 types tests

# Both at once: types need one core for a minute in a fresh clone.
types: $(READY) ## check imports and types
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

tests: $(READY) ## run the tests, the examples in docstrings, and two notebooks
	$(BIN)/pytest -n 2 --dist loadscope -m "not slow" $(NBVAL) tests src $(QUICK)

thorough: export FORECAST_LANG = vi
thorough: $(READY) ## run the tests that take minutes, and hold each number of every notebook against what is committed
	$(BIN)/pytest -n 2 --dist loadscope -m slow tests
	$(BIN)/pytest -n 2 --dist loadscope $(NBVAL) $(NOTEBOOKS)

mutants: $(READY) ## change the code in one place at a time, see whether tests notice, and write docs/testing.md (half an hour)
	$(BIN)/python benchmarks/mutants/run.py $(ARGS)

fuzz: $(READY) ## try each door with 10,000 damaged inputs, and flip 10,000 bits of kept work
	FUZZ=10000 $(BIN)/pytest -q -n 2 tests/test_doors_fuzzed.py tests/data/test_kept.py

schema: $(READY) ## renew docs/scenario.schema.json and data/datapackage.json, after a lever or a table has changed
	$(BIN)/python -c "import json; from forecast.question.scenario import schema; \
	print(json.dumps(schema(), ensure_ascii=False, indent=2))" > docs/scenario.schema.json
	$(BIN)/python -c "from forecast.data import package, tables; \
	tables.write_text(package.text(), tables.data_dir() / package.NAME)"
	$(BIN)/python -c "from pathlib import Path; from forecast.cli import reference; reference.write(Path('docs/guide'))"

notebooks: $(READY) ## renew the committed notebooks: from their template, with light outputs of a report (made in site/ if need be)
	$(BIN)/forecast page
	$(BIN)/forecast report
	$(BIN)/forecast page --outputs build/notebooks
	$(BIN)/python docs/answer.py

messages: $(READY) ## compile the catalog of what the command line says in Vietnamese, after it has changed
	$(BIN)/pybabel compile --directory src/forecast/data/locale --domain forecast --locale vi --statistics

lab: export FORECAST_LANG ?= vi
lab: $(READY) ## open the start page in JupyterLab, on this machine only (FORECAST_LANG=en: in English; options: ARGS=...)
	JUPYTER_CONFIG_PATH=docs/jupyter$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH} $(BIN)/jupyter lab $(ARGS)

bench: $(VENV)/.uv ## measure engine and forecasts beside others (over an hour; packages go to .venv-bench)
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	$(BIN)/uv pip sync --quiet --python .venv-bench/bin/python --require-hashes --compile-bytecode requirements.lock \
		$(BENCH_LOCK)
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python --no-deps --no-build-isolation --editable .
	for part in $(BENCH); do .venv-bench/bin/python benchmarks/$$part/run.py $(ARGS) || exit 1; done

lock: $(VENV)/.uv ## renew all locks to the newest versions that pyproject.toml allows
	echo uv | $(UV_COMPILE) --output-file requirements-uv.lock -
	$(UV_COMPILE) --extra cluster --group dev --output-file requirements.lock pyproject.toml
	$(BIN)/python docs/sbom.py > sbom.json
	$(UV_COMPILE) --constraints requirements.lock --overrides benchmarks/overrides.txt --group bench --output-file $(BENCH_LOCK)

setup: $(READY) ## make the environment in .venv (the other targets do it when needed)

clean: ## remove the pages and caches; keeps results/ and the environment
	rm -rf site build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find $(wildcard src tests notebooks benchmarks) -name __pycache__ -prune -exec rm -rf {} +

# A small lock brings uv, and uv brings the large one: seconds, where pip alone takes minutes.
$(VENV)/.uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 15) or sys.exit( \
		"forecast needs Python 3.11 to 3.14, and this is %d.%d. Name another: make PYTHON=python3.13" % v)'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	touch $@

# Bytecode is compiled now, once, rather than in the first minutes of somebody's first run. Where uv cannot reach
# the packages (an office proxy with its own certificate, a mirror that only pip is told of), pip fetches the same lock.
$(READY): $(VENV)/.uv requirements.lock pyproject.toml
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock \
		|| { echo "uv could not do it; pip tries, which takes some minutes."; \
		$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@
