# What one does daily. `make run` needs Python 3.11+, make and git, nothing else.
PYTHON ?=
PORT ?= 8000
DEMO ?= 1
FILES ?= 2000
SEED ?= 20261
DIR ?= feedback/tests/cases/reading
VENV := .venv
PY := $(VENV)/bin/python
APPS := feedforward accounts courses aiconfig submissions feedback privacy deploy
export PYTHON PORT DEMO
export UV_PYTHON_DOWNLOADS = never
export UV_COMPILE_BYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help run manage administrator shell test test-thorough test-browser test-postgres lint ruff templates security dependencies format types contracts checks \
	e2e css bench fuzz cases docs screenshots requirements clean venv venv-dev saml s3

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9 -]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

venv: ; @sh deploy/run/setup.sh run
venv-dev: ; @sh deploy/run/setup.sh dev

s3: ## add the packages that an S3 store of drafts needs (docs/configuration.md)
	@sh deploy/run/setup.sh s3

saml: ## add the packages that signing in by SAML needs (docs/configuration.md)
	@sh deploy/run/setup.sh saml

run: venv ## start everything and print the address (PORT=8000, DEMO=0 for an empty site)
	@exec $(PY) -m deploy.run

manage: venv ## a management command with the site's own settings: make manage CMD="migrate --plan"
	@exec $(PY) -m deploy.run manage $(CMD)

administrator: venv ## make an administrator: make administrator EMAIL=you@example.edu
	@test -n "$(EMAIL)" || { echo "Usage: make administrator EMAIL=you@example.edu"; exit 2; }
	@exec $(PY) -m deploy.run manage create_administrator "$(EMAIL)"

shell: venv ## a Python shell with the models loaded
	@exec $(PY) -m deploy.run manage shell

test: venv-dev ## the suite but its thorough part; the browser part too when a Chromium is there
	@exec $(PY) -m deploy.ci.suite

test-thorough: venv-dev ## what `make test` leaves out: every address by everybody, every fault, killed workers
	@exec $(PY) -m deploy.ci.suite --thorough

test-browser e2e: venv-dev ## only the tests that drive Chromium
	@exec $(PY) -m deploy.ci.suite --browser-only

test-postgres: venv-dev ## the suite on a private PostgreSQL and Redis
	@exec $(PY) -m deploy.ci.suite --real-servers

lint: ruff templates security dependencies ## ruff, templates, security patterns, dependencies

ruff: venv-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

# Left out: line breaks after headings, a type on every button (submit is the default we mean), meta descriptions and
# keywords (every page is private), and a title in every file (fragments have none).
templates: venv-dev
	$(VENV)/bin/djlint --lint --quiet --ignore H015,H016,H030,H031,H043 templates

# The processes we start are named by us, never by a user.
security: venv-dev
	$(PY) -m bandit -q -r $(APPS) --exclude '*/tests/*' --severity-level medium --skip B404,B603

# Without a network: an audit by advisories needs one (docs/security.md).
dependencies: venv-dev ## pins with hashes, versions known to be bad, licences
	$(PY) -m deploy.ci.dependencies

format: venv-dev ## put the code into its one format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

types: venv-dev ## mypy
	$(PY) -m mypy $(APPS)

contracts: venv-dev ## the floors of the house stay apart
	$(VENV)/bin/lint-imports

checks: lint types contracts ## all that needs no test run

# The second form: a registry without the packages of other systems makes `npm ci` refuse a lock file that lacks them.
css: ## rebuild static/ from feedforward/look (needs Node)
	npm ci --silent --no-audit --no-fund || npm install --silent --no-save --no-audit --no-fund
	npm run --silent build

bench: venv-dev ## the benchmarks (see benchmarks/)
	@exec $(PY) -m benchmarks

fuzz: venv-dev ## damage 2,000 files and read them; the seed is printed (FILES=2000 SEED=20261)
	@FUZZED_FILES=$(FILES) FUZZ_SEED=$(SEED) $(PY) -m pytest --no-migrations -q -s submissions/tests/test_extraction_isolation.py -k damaged

cases: venv-dev ## run a folder of cases: make cases DIR=...
	@exec $(PY) -m feedforward.tests.cases $(DIR)

docs screenshots: venv-dev ## screenshots of the loop into docs/images
	@exec $(PY) -m deploy.screenshots

requirements: ## compile requirements*.txt (needs uv)
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make requirements" requirements.in -o requirements.txt
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make requirements" requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make requirements" requirements-saml.in -o requirements-saml.txt
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make requirements" requirements-s3.in -o requirements-s3.txt

clean: ## remove what can be made again; the data folder stays
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache htmlcov .coverage test-artifacts
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
