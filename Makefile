# What there is to do: `make help`. Everything runs from .venv, which is made and kept current by itself.
.DEFAULT_GOAL := help
.PHONY: help run demo quick test soak fuzz pictures check audit bench bench-compare calls profile proto types format clean package deploy adopt finish smoke destroy
SHELL := /bin/bash

PYTHON ?= python3
BIN := .venv/bin
REQUIREMENTS := requirements.txt infra/worker/requirements.txt pyproject.toml
# Some environments keep no bytecode. Here each of a hundred processes would compile the same 400 files anew, and each
# run of the tests would rewrite their assertions: more than half of the time that it takes to collect them.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run  ## serve everything on http://localhost:8080 (PORT=, LOCAL_STATE=, NETWORK=whatsapp, EDGE=none)
	@exec $(BIN)/python -m infra.local

demo: .venv/run  ## link, send and receive once on the terminal, with timings; on the running stack, if there is one
	@exec $(BIN)/python -m infra.demo

PYTEST = $(BIN)/python -m pytest --dist worksteal
# What fails beside other tests on a busy machine must pass alone.
AGAIN = $(BIN)/python -m tests.again --dist worksteal

quick: .venv/dev  ## run the tests that start no process
	@exec $(PYTEST) -n 2 -m 'not subprocess and not soak' $(ARGS)

# Four at a time on two cores: the flows wait for WhatsApp's own timing more than they compute.
test: .venv/dev .venv/checkov/installed  ## run all tests but the long ones
	@exec $(AGAIN) -n 4 -m 'not soak' $(ARGS)

soak: .venv/dev  ## run the long tests: generated clients, made-up requests (the same ones each time, or FUZZ_SEED=)
	@FUZZ=$(or $(FUZZ),3) FUZZ_SEED=$(or $(FUZZ_SEED),0) exec $(AGAIN) -n 3 --timeout 1800 -m soak $(ARGS)

# A seed of its own each time: what it finds, FUZZ_SEED= finds again.
fuzz: .venv/dev  ## send thousands of made-up requests to every route (FUZZ=cases each, ARGS='-k send')
	@export FUZZ=$(or $(FUZZ),30) FUZZ_SEED=$(or $(FUZZ_SEED),$(shell date +%s)); \
	  echo "FUZZ=$$FUZZ FUZZ_SEED=$$FUZZ_SEED"; exec $(PYTEST) -n 3 --timeout 1800 tests/gateway/test_fuzz.py $(ARGS)

pictures: .venv/dev  ## show the page in each of its states, on a phone and at a desk, in both themes: out/page/*.png
	@exec $(PYTEST) -n 2 tests/page $(ARGS)

check: .venv/dev  ## lint, formatting, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The two lists are resolved anew, as the packager and the image do; the groups are looked up as they are installed here.
AUDIT = .venv/audit/bin/pip-audit --strict --progress-spinner off $(AUDIT_FLAGS)
audit: .venv/audit/installed .venv/checkov/installed .venv/dev  ## look up known faults in all that is pinned (AUDIT_FLAGS=)
	@$(AUDIT) $(addprefix --requirement ,$(filter %.txt,$(REQUIREMENTS)))
	@$(AUDIT) $$(printf ' --path %s' .venv/{,checkov/,audit/}lib/python3*/site-packages)

bench: .venv/dev  ## measure beside the raw client library, to out/bench/index.html (ONLY=a part, RUNS=, CLOUD=1)
	@exec $(BIN)/python -m infra.bench $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS)) $(if $(CLOUD),--cloud)

bench-compare: .venv/dev  ## measure two revisions in turn, and name what got over 10 % worse (A=, B=the working tree, ONLY=, RUNS=)
	@exec $(BIN)/python -m infra.bench.comparing $(or $(A),$(error A= is missing: a revision of git)) $(B) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS))

calls: .venv/dev  ## make docs/calls.md anew: the calls of AWS that a send, a receive, a first code and a connection make
	@exec $(BIN)/python -m infra.calls

profile: .venv/dev  ## say where the processor time of a send and of a receive goes, by layer (MESSAGES=, TOP= calls of each)
	@exec $(BIN)/python -m infra.bench.profile $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(TOP),--top $(TOP))

proto: .venv/dev  ## make the protobuf classes anew from chalicelib/wire/proto/*.proto
	$(BIN)/protoc --proto_path=. --python_out=. --pyi_out=. chalicelib/wire/proto/*.proto

types: .venv/dev  ## make docs/messages.md anew: the types of messages, each with its tests
	@exec $(BIN)/python -m tests.docs.types_page

package: .venv/dev  ## make and check what is deployed, and say how big it is (STAGE=dev, PACKAGE_PYTHON=python3.13)
	@exec $(BIN)/python -m infra.package $(or $(STAGE),dev) out/$(or $(STAGE),dev)

format: .venv/dev  ## format the code
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

deploy: .venv/dev  ## deploy to AWS (STAGE=dev, AWS_REGION=, DRY_RUN=1, EDGE=none, DOMAIN= and CERTIFICATE=, ALARM_EMAIL=, PARAMETERS=)
	@exec $(BIN)/python -m infra.deploy

adopt: .venv/dev  ## make a table and files that stand ready for a new stack (STAGE=dev, PARAMETERS='AdoptedTable=…')
	@exec $(BIN)/python -m infra.deploy adopt

finish: .venv/dev  ## do for a stack what its template can't, if something else than make deploy made it (STAGE=dev)
	@exec $(BIN)/python -m infra.deploy finish

smoke: .venv/dev  ## try what runs, from the edge to a first code, and say what is wrong (STAGE=dev, or URL= of make run)
	@exec $(BIN)/python -m infra.smoke

destroy: .venv/dev  ## remove a stage from AWS (STAGE=dev CONFIRM=dev), and say what is kept
	@exec $(BIN)/python -m infra.deploy destroy

clean:  ## forget the local stack's accounts, sessions and keys (LOCAL_STATE=; asks before real accounts' keys, CONFIRM=real)
	@exec $(or $(wildcard $(BIN)/python),$(PYTHON)) -m infra.local.clean

# Each stamp is newer than what it was installed from. dev holds all of run's packages and more.
.venv/run: $(REQUIREMENTS) | .venv/python
	@test -e .venv/dev -a .venv/dev -nt requirements.txt -a .venv/dev -nt infra/worker/requirements.txt \
	  -a .venv/dev -nt pyproject.toml || { echo "Installing the packages into .venv ..."; \
	  $(PIP) install -r requirements.txt -r infra/worker/requirements.txt --group local; }
	@touch $@

.venv/dev: $(REQUIREMENTS) | .venv/python
	@echo "Installing the packages and tools into .venv ..."
	@$(PIP) install -r requirements.txt -r infra/worker/requirements.txt --group dev
	@touch $@

.venv/checkov/installed: pyproject.toml | .venv/python
	@echo "Installing checkov into an environment of its own ..."
	@$(BIN)/python -m venv --without-pip .venv/checkov
	@$(PIP) --python .venv/checkov install --group checkov
	@touch $@

.venv/audit/installed: pyproject.toml | .venv/python
	@$(BIN)/python -m venv --without-pip .venv/audit
	@$(PIP) --python .venv/audit install --group audit
	@touch $@

# pip 25.1 knows dependency groups; Chalice doesn't take 26.3 yet.
.venv/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed. Python 3.11 or newer is needed: https://www.python.org/downloads/" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), and 3.11 or newer is needed. Try: make $(or $(MAKECMDGOALS),run) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) can't make a virtual environment. On Debian and Ubuntu run: sudo apt-get install -y python3-venv" >&2; exit 1; }
	@$(PIP) install 'pip>=25.1,<26.3'
	@touch $@
