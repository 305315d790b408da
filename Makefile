# `make local` puts a gateway on the emulator, `make test` proves everything; `make help` lists the rest.
# Every path is relative to this folder: run it from elsewhere with `make -C FOLDER`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Ansible refuses to start under a locale that is not UTF-8.
export LC_ALL := $(or $(LC_ALL),C.UTF-8)

PYTHONS := 3.13 3.12 3.11 3.14
PY := .venv/bin/python
EMULATOR := $(PY) -m fly_emulator
STATE := .local/emulator
# Options of its start, remembered for the next one: make local EMULATOR_ARGS="--api-port 4281 --runtime process"
EMULATOR_ARGS ?=
# What the shell holds for the real Fly.io stays out of local runs.
OFF-FLY := $(addprefix -u ,FLY_API_TOKEN FLY_ACCESS_TOKEN FLY_FLAPS_BASE_URL FLY_API_BASE_URL FLY_ORG)
# Extra arguments for the command of the target that was asked for: make local ARGS="--check --diff"
ARGS ?=
own-args = $(if $(filter $@,$(MAKECMDGOALS)),$(ARGS))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: local
local: venv ## from nothing to a running gateway on the emulator (ARGS= goes to ansible-playbook)
	@$(PY) tools/collection.py install build/collections
	@echo "==> the Fly.io emulator"
	@$(EMULATOR) start --state-dir $(STATE) $(EMULATOR_ARGS) \
	    || { echo 'In this folder: make local-stop, then make local EMULATOR_ARGS="OPTIONS OF start"' >&2; exit 1; }
	@echo "==> ansible-playbook -i inventories/local playbooks/site.yml $(own-args)"
	@env $(OFF-FLY) ANSIBLE_CONFIG=ansible.cfg .venv/bin/ansible-playbook -i inventories/local playbooks/site.yml $(own-args)
	@echo "Next: make local-open approves your browser, make local-stop stops it."

.PHONY: local-open
local-open: venv ## a link that approves your browser at the local gateway, once
	@$(PY) tools/collection.py install build/collections
	@env $(OFF-FLY) ANSIBLE_CONFIG=ansible.cfg .venv/bin/ansible-playbook -i inventories/local playbooks/open.yml $(own-args)

.PHONY: local-stop
local-stop: ## stop the emulator and its machines; their state stays
	@if [ -x $(PY) ]; then $(EMULATOR) stop --state-dir $(STATE); else echo "No emulator runs: there is no .venv yet."; fi

.PHONY: local-reset
local-reset: local-stop ## stop the emulator and forget its state and the local tokens
	@rm -rf .local
	@echo "The local state is gone; make local starts from nothing."

.PHONY: test
# Four workers on two cores: plays and gateways wait as much as they compute.
test: test-venv cores static lint docs-check sanity ## everything from nothing to green (ARGS= goes to pytest)
	@echo "==> pytest: units, plays on the emulator, the real gateway"
	@$(PY) -m pytest -n 4 --dist loadgroup --durations=25 $(own-args)

.PHONY: check
check: test-venv static unit ## the fast part: ruff, yamllint, mypy, unit tests

# What is not known of Fly.io has several answers (docs/fidelity.md); tests/support/answers.py has the sets.
ANSWERS ?= defaults others narrowest slow
MATRIX := $(addprefix tests/faults/test_,fault_matrix.py fault_matrix_machines.py properties.py record.py)
KILLED := $(addprefix tests/play/test_,interrupted.py lost_answers.py swap_struck.py)

.PHONY: faults
faults: test-venv ## lost answers, kills and a first day under each set of answers about Fly.io (hours; ANSWERS="others")
	@for set in $(ANSWERS); do \
	    echo "==> answers: $$set"; \
	    $(PY) -m pytest -q -n 3 --answers "$$set" --faults all $(MATRIX) $(KILLED) tests/play/test_day_one.py $(own-args); \
	done

.PHONY: static
static: ruff yamllint mypy

.PHONY: ruff
ruff: test-venv
	@echo "==> ruff"
	@$(PY) -m ruff check -q --config pyproject.toml .
	@$(PY) -m ruff format -q --check --config pyproject.toml .

.PHONY: mypy
mypy: test-venv
	@echo "==> mypy --strict"
	@$(PY) tools/collection.py tree
	@$(PY) -m mypy emulator/fly_emulator tools/collection.py tests/support tests/bench tests/conftest.py
	@$(PY) -m mypy $(addprefix build/tree/ansible_collections/openclaw/fly/,$(sort $(dir $(wildcard plugins/*/*.py))) plugins/module_utils)

.PHONY: unit
unit: test-venv
	@echo "==> pytest tests/unit"
	@$(PY) -m pytest -q -n 2 -m "not gateway and not browser and not s3 and not slow" tests/unit $(wildcard tests/test_*.py) $(own-args)

.PHONY: hygiene
hygiene: test-venv
	@echo "==> layers and hygiene"
	@$(PY) -m pytest -q tests/test_layers.py tests/test_hygiene.py

.PHONY: yamllint
yamllint: test-venv
	@echo "==> yamllint"
	@.venv/bin/yamllint --strict .

.PHONY: lint
lint: yamllint ## ansible-lint (production profile, offline) and yamllint
	@echo "==> ansible-lint"
	@$(PY) tools/collection.py install build/collections
	@PATH="$$PWD/.venv/bin:$$PATH" ANSIBLE_HOME="$$PWD/.cache/ansible" ANSIBLE_COLLECTIONS_PATH="$$PWD/build/collections" \
	    .venv/bin/ansible-lint --strict $(own-args)

.PHONY: docs-check
docs-check: test-venv ## the documentation of modules, plugins and roles
	@echo "==> antsibull-docs, antsibull-changelog"
	@PATH="$$PWD/.venv/bin:$$PATH" .venv/bin/antsibull-docs lint-collection-docs \
	    --plugin-docs --validate-collection-refs self --skip-rstcheck .
	@.venv/bin/antsibull-changelog lint

.PHONY: sanity
sanity: cores ## ansible-test sanity (ARGS= goes to ansible-test)
	@tools/sanity $(own-args)

# The folder molecule/shared is no scenario. The stand-in is OPENCLAW_IMAGE=registry.fly.io/featherweight:RELEASE.
SCENARIOS ?= $(filter-out shared,$(notdir $(wildcard molecule/*)))

.PHONY: molecule
molecule: test-venv ## every exposure with the real gateway, from create to destroy (SCENARIOS="private convert")
	@$(PY) tools/collection.py install build/collections
	@for scenario in $(SCENARIOS); do \
	    echo "==> molecule test -s $$scenario"; \
	    env $(OFF-FLY) PATH="$$PWD/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$$PWD/build/collections" \
	        molecule test -s "$$scenario" $(own-args); \
	done

# Wants a token of the organization in FLY_API_TOKEN and spends some cents: make live-check ORG=slug CONSENT=yes
.PHONY: live-check
live-check: venv ## compare the real Fly.io with the emulator (ORG=slug CONSENT=yes; docs/fidelity.md)
	@$(PY) tools/collection.py install build/collections
	@ANSIBLE_CONFIG=ansible.cfg .venv/bin/ansible-playbook -i localhost, playbooks/platform_check.yml \
	    -e fly_platform_check_org='$(ORG)' -e fly_platform_check_consent='$(or $(CONSENT),no)' $(own-args)

.PHONY: emulator-check
emulator-check: test-venv ## the same check of the emulator; writes what it answers to the collection
	@PLATFORM_CHECK_WRITE=1 $(PY) -m pytest -q -n 0 tests/live/test_platform_check.py $(own-args)

.PHONY: long
long: test-venv ## proofs on real gateways that take more than five minutes: upgrade, rehearsal, rotation
	@$(PY) -m pytest -q -n 0 --long -m long $(own-args)

.PHONY: bench
bench: test-venv ## print seconds, requests and CPU of runs on the emulator
	@$(PY) tools/collection.py install build/collections
	@for script in tests/bench/bench_*.py; do echo "==> $$script"; $(PY) "$$script" $(own-args); done

.PHONY: clean
clean: ## remove what the targets made, but the local state and the download cache
	@rm -rf .venv .venvs .cache .ansible .hypothesis .ruff_cache build dist emulator/build emulator/*.egg-info
	@find . -path ./.local -prune -o -name __pycache__ -type d -exec rm -rf {} +

.PHONY: venv
venv:
	@tools/venv .venv "$(PYTHONS)" requirements/run.txt ./emulator

.PHONY: test-venv
test-venv: venv
	@tools/venv .venv "$(PYTHONS)" requirements/test.txt ./emulator

# Further ansible-cores, for the tests that run on each and for ansible-test. No fitting Python: they are skipped.
.PHONY: cores
cores:
	@tools/venv .venvs/core-2.19 "3.11 3.12 3.13" requirements/core-2.19.txt \
	    || echo "==> ansible-core 2.19: SKIPPED, see above"
	@tools/venv .venvs/core-2.21 "3.13 3.12 3.14" requirements/core-2.21.txt \
	    || echo "==> ansible-core 2.21: SKIPPED, see above"

.PHONY: lock
lock: ## write the lock files from the ranges (ARGS=--upgrade takes the newest versions that fit)
	@tools/venv .venvs/lock "$(PYTHONS)" requirements/lock.txt
	@tools/lock .venvs/lock/bin/uv $(own-args)
