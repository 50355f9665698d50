#!/usr/bin/env bash
# Runs `swift test` with the given options; says at the end again which tests failed and how.
set -euo pipefail

# Hundreds of tests at a time on two cores let each other's timeouts pass.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-8}
output=$(mktemp)
trap 'rm -f "$output"' EXIT

if swift test "$@" 2>&1 | tee "$output"; then exit 0; fi
echo "== what failed"
grep -E '✘|WARNING: ThreadSanitizer|ERROR: AddressSanitizer|Fatal error' -A 12 "$output" |
  grep -vE '✔|◇' | tail -60 || true
grep -E '✘ Test run' "$output" || true
exit 1
