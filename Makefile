# make demo: build and run the quickstart; make test: every test; make lint: formatting and lints.
# Needs Rust (https://rustup.rs). OpenBLAS is installed by apt where it is missing.

TARGET := $(or $(CARGO_TARGET_DIR),target)
LOSS   := $(TARGET)/release/loss
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: demo test lint build deps

demo: build
	$(LOSS) run examples/quickstart.loss

# Unit tests run unoptimised, with all internal checks; programs are run by the optimised binary.
test: build
	LOSS_BIN="$(abspath $(LOSS))" cargo test --locked --no-fail-fast

lint: deps
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

build: deps
	cargo build --locked --release

deps:
	@if ! { command -v pkg-config && pkg-config --exists openblas && command -v cc; } >/dev/null 2>&1; then \
	    command -v apt-get >/dev/null || { echo "install OpenBLAS (with its headers), pkg-config and a C compiler, then try again" >&2; exit 1; }; \
	    $(SUDO) apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends libopenblas-dev pkg-config gcc libc6-dev; \
	fi
