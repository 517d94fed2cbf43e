.DEFAULT_GOAL := help
SHELL := /bin/sh
# The pinned Node runs everything, whatever the host has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# More flags of vitest: `make test VITEST=src/rules`.
VITEST :=
installed := node_modules/.package-lock.json
sources := $(shell find src packaging -name '*.ts') build.ts package-lock.json

.PHONY: help run shop test e2e faults faults-quick build lint format bench fuzz audit release clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(installed): package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

dist/main.js: $(installed) $(sources)
	npm run --silent build

build: dist/main.js ## Bundle the command line into dist/

run: build ## Admit the example shop over HTTPS for each mesh and print a table
	npm run --silent shop

shop: $(installed) ## Run the example shop on this machine, by the SDK in local mode, and show what the rules do
	npm start --silent

test: build ## Run the unit and integration tests
	npm test -- $(VITEST)

e2e: build ## Run the tests against a real kube-apiserver (builds it once, some 7 minutes)
	npm run e2e -- $(VITEST)

faults: build ## Try every row of the matrix of faults and write docs/reliability.md (an hour)
	npm run --silent faults

faults-quick: build ## Try smaller ones of those rows (5 minutes)
	npm run --silent faults -- --quick

lint: $(installed) ## Check style, types, floating promises and the import rules
	npm run lint

format: $(installed) ## Format the sources
	npm run format

bench: build ## Measure the webhook beside a bare HTTPS handler, the controller over 10,000 rules
	npm run bench

fuzz: build ## Give 1,000,000 hostile bodies to the webhook and to what reads configurations, manifests and rules
	npm run fuzz

audit: $(installed) ## Ask the registry for known holes in the packages of the lock file
	node packaging/audit.ts

release: build ## Write the package, the chart, the bill of materials and their digests into out/release
	node packaging/release.ts

clean: ## Remove what the build and the example wrote
	rm -rf dist dist-* out
