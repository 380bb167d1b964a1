# `make run` starts Kaigi; `make test` runs everything CI runs. Both set up what they need.
.PHONY: run tools build web deb test setup-test generate lint test-web test-rust test-e2e natlab sim fuzz bench-turn bench-sfu bench-signaling screenshots clean
SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
WEB_SOURCES := $(shell find web -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print 2>/dev/null)

run: tools build
	$(TARGET)/release/kaigi serve $(ARGS)

# What is missing on this machine, and the line that installs it.
tools:
	@scripts/check-tools

build: web
	cargo build --release --locked -p kaigi

# The web client, which the binary embeds.
web: web/app/dist/.built

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --omit=dev --no-audit --no-fund
	touch $@

web/app/dist/.built: $(WEB_SOURCES) | web/node_modules/.installed
	cd web && npm run build
	touch $@

# The Debian package, in $(TARGET)/debian.
deb: build
	@scripts/build-deb $(TARGET)/release/kaigi $(TARGET)/debian

test: setup-test lint test-web test-rust fuzz test-e2e

# Installs what only the tests need; says what is missing where it may not.
setup-test: tools
	@scripts/setup-test
	cd web && npm ci --no-audit --no-fund && touch node_modules/.installed
	cd e2e && npm ci --no-audit --no-fund

lint: web
	cargo fmt --all --check
	cargo clippy --release --locked --workspace --all-targets -- -D warnings
	cd web && npm run check && npm run lint
	cd e2e && npm run lint

test-web: web
	cd web && npm test
	node web/app/scripts/check-size.mjs

test-rust: build
	cargo test --release --locked --workspace

# The SFU with simulated participants and networks, 1,000 different ones; SEEDS=5000 for more, MINUTES=10 for an end,
# and `make sim PLAN=a_dip SEED=7` for one again (TRACE=0: with what participant 0 gets, every half second).
sim:
	SIM_SEEDS=$(or $(SEEDS),1000) SIM_MINUTES=$(or $(MINUTES),30) $(if $(PLAN),SIM_PLAN=$(PLAN)) \
	  $(if $(SEED),SIM_SEED=$(SEED)) $(if $(TRACE),SIM_TRACE=$(TRACE)) \
	  cargo test --release --locked -p kaigi-sfu --test sim many_seeds -- --ignored --nocapture

# A short run of every fuzz target; `make fuzz SECONDS_EACH=600` for a long one.
fuzz:
	scripts/fuzz $(SECONDS_EACH)

test-e2e: build
	cd e2e && TEST_BINARY=$(abspath $(TARGET))/release/kaigi npm test

# Relaying through Kaigi, coturn and a floor that only moves packets, side by side (docs/benchmarks.md): about a
# quarter of an hour; `make bench-turn QUICK=1` for two minutes.
bench-turn: build
	@scripts/setup-test
	cargo build --release --locked -p kaigi-bench
	$(TARGET)/release/bench-turn --kaigi $(TARGET)/release/kaigi $(if $(QUICK),--quick) $(ARGS)

# Forwarding through Kaigi, Janus and a floor that only encrypts and sends, side by side (docs/benchmarks.md): a quarter
# of an hour, and writes the results there; `make bench-sfu QUICK=1` for three minutes.
bench-sfu: build
	@scripts/setup-test bench-sfu
	cargo build --release --locked -p kaigi-bench
	$(TARGET)/release/bench-sfu --kaigi $(TARGET)/release/kaigi $(if $(QUICK),--quick,--record docs/benchmarks.md) $(ARGS)

# Signaling through Kaigi and through a Socket.IO server on Node.js, side by side (docs/benchmarks.md): four minutes, and writes the
# results there; `make bench-signaling QUICK=1` for one.
bench-signaling: build
	cd crates/bench/signaling && npm ci --no-audit --no-fund
	node crates/bench/signaling/run.mjs --kaigi $(abspath $(TARGET))/release/kaigi \
	  $(if $(QUICK),--quick,--record docs/benchmarks.md) $(ARGS)

# Files made from others; tests fail when they are stale.
generate:
	KAIGI_GENERATE=1 cargo test --release --locked -p kaigi-protocol -p kaigi-server current

# Real calls through every kind of network; writes the table in docs/natlab.md. CELLS="'only TLS'" runs some only.
natlab: build setup-test
	cd e2e && TEST_BINARY=$(abspath $(TARGET))/release/kaigi node natlab/main.mjs $(CELLS)

# The pictures in docs/images, from a real call.
screenshots: build setup-test
	cd e2e && TEST_BINARY=$(abspath $(TARGET))/release/kaigi node screenshots.mjs

clean:
	rm -rf target web/app/dist web/sdk/dist web/node_modules e2e/node_modules fuzz/target
