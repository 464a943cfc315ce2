# One configuration for everything: release with -enable-testing. Other flags would build it all again.
# `make up` and `make test` install what is missing by themselves and ask nothing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
ARGS ?=
export PREFIX DESTDIR UNITS

.PHONY: help setup build test test-containers up install bench chaos fuzz lint format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## install what is missing on this machine
	@Tests/Scripts/setup.sh

build: setup ## build everything
	@Tests/Scripts/build.sh $(SWIFT_FLAGS)

test: setup ## run all tests; ends with "N passed, N failed, N skipped"
	@Tests/Scripts/test.sh $(SWIFT_FLAGS)

test-containers: build ## build the image and test the whole stack in containers; needs docker-compose and an engine
	@Tests/Containers/run.sh

install: build ## install executables and systemd units: make install PREFIX=/usr/local DESTDIR=
	@deploy/install.sh "$$(swift build $(SWIFT_FLAGS) --show-bin-path)"

up: build ## start the whole stack: make up ARGS="--runners 2"
	@exec "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/trading-robot" up $(ARGS)

bench: build ## build and run the benchmarks, which nothing else builds
	@BENCH=1 Tests/Scripts/build.sh $(SWIFT_FLAGS) --product benchmarks
	@exec python3 Tests/Benchmarks/run.py $(ARGS)

chaos: setup ## kill services under load, ROUNDS=N times, and compare the ledgers
	@FILTER=Chaos ROUNDS=$(or $(ROUNDS),20) Tests/Scripts/test.sh $(SWIFT_FLAGS)

fuzz: setup ## feed random bytes to every reader of outside data, ROUNDS=N times
	@FILTER=Fuzz ROUNDS=$(or $(ROUNDS),1000000) Tests/Scripts/test.sh $(SWIFT_FLAGS)

lint: ## check format, scripts and Python
	@Tests/Scripts/lint.sh

format: ## format all Swift sources
	@swift format -i --recursive --parallel Package.swift Shared Services Tests

clean: ## remove what was built
	@rm -rf .build
