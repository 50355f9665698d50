#!/usr/bin/env bash
# Runs the tests under a sanitizer. usage: sanitize.sh thread|address
set -euo pipefail
sanitizer=${1:?usage: sanitize.sh thread|address}

# The sanitizers make the random tests ten times slower: fewer seeds.
export SWIFT_BACKTRACE=enable=no KV_TEST_SEEDS=2
export TSAN_OPTIONS="halt_on_error=1"
# Foundation and XCTest keep what they allocate until the process ends.
export ASAN_OPTIONS="detect_leaks=0:halt_on_error=1:suppressions=$PWD/scripts/asan-suppressions.txt"

# Those targets have no threads: they keep their values to themselves.
threadless=(--skip KVIndexerTests --skip SimulationTests --skip TokenizeTests --skip EPPScorerTests)
[[ $sanitizer == thread ]] || threadless=()

swift build --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" --build-tests
scripts/run-tests.sh --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" --skip-build \
  "${threadless[@]}"
