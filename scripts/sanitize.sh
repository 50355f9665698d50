#!/usr/bin/env bash
# Runs the tests under a sanitizer. usage: sanitize.sh thread|address
set -euo pipefail
sanitizer=${1:?usage: sanitize.sh thread|address}

export SWIFT_BACKTRACE=enable=no KV_TEST_SEEDS=4
# libzmq and libmicrohttpd synchronise by means that ThreadSanitizer can't see into.
export TSAN_OPTIONS="suppressions=$PWD/scripts/tsan-suppressions.txt halt_on_error=1"
# Foundation and XCTest keep what they allocate until the process ends.
export ASAN_OPTIONS="detect_leaks=0 halt_on_error=1"

swift test --sanitize="$sanitizer" --scratch-path ".build-$sanitizer"
