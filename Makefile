# Everything a newcomer needs: `make demo` shows the main job, `make test` proves it. Both do all the set-up.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .build/python/bin/python3
# Debian packages that the build and the tests use; each is checked by a file that it installs.
PACKAGES := libcurl4-openssl-dev libsqlite3-dev libsimdjson-dev libstdc++-12-dev libc6-dev binutils \
  ca-certificates git sqlite3 python3 python3-venv procps libpq-dev postgresql pgbouncer \
  faketime iproute2 util-linux libseccomp-dev strace
TEST_OPTIONS := --explicit-target-dependency-import-check error

.PHONY: help setup python build demo test quick lint format bench peers clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## install what is missing, or say what to install
	@bash .ci/setup $(PACKAGES)

python: setup
	@test -x $(PYTHON) || python3 -m venv .build/python
	@$(PYTHON) -c 'import celpy, jsonschema, yaml' 2>/dev/null || \
	  .build/python/bin/pip install --quiet --disable-pip-version-check 'cel-python==0.5.0' jsonschema PyYAML

build: setup ## build everything, debug
	swift build $(TEST_OPTIONS)

demo: setup ## 32 workers, one e-mail, and why; then a kill in the worst moment
	swift build --product sendonce
	bash fixtures/demo/demo.sh "$$(swift build --show-bin-path)/sendonce"

test: lint python ## lint, build with strict checks, run every test
	swift build --build-tests $(TEST_OPTIONS)
	PATH="$(CURDIR)/.build/python/bin:$$PATH" swift test --skip-build $(TEST_OPTIONS) --skip SystemTests
	# By themselves: they keep the machine busy with processes of their own.
	PATH="$(CURDIR)/.build/python/bin:$$PATH" swift test --skip-build $(TEST_OPTIONS) --filter SystemTests

quick: python ## the inner loop: core, rules, conformance, providers; no processes
	PATH="$(CURDIR)/.build/python/bin:$$PATH" swift test --skip SystemTests --skip SimulationTests

lint: ## formatting
	swift format lint --strict --recursive --parallel --configuration .swift-format Package.swift Sources Tests schema

format: ## put the formatting right
	swift format --in-place --recursive --parallel --configuration .swift-format Package.swift Sources Tests schema

bench: setup ## the figures of the README, measured here
	swift build -c release --product sendonce-benchmark
	"$$(swift build -c release --show-bin-path)/sendonce-benchmark"

peers: setup ## install what `make bench` measures beside us on PostgreSQL
	@test -x .build/peers/pgqueuer/bin/python3 || python3 -m venv .build/peers/pgqueuer
	.build/peers/pgqueuer/bin/pip install --quiet --disable-pip-version-check -r fixtures/peers/pgqueuer/requirements.txt

clean: ## remove what was built
	rm -rf .build
