#!/usr/bin/env bash
# Tests the clients: Python's always, Go's where `go` is installed.
set -euo pipefail
cd "$(dirname "$0")/../clients"

echo "clients: Python $(python3 -c 'import platform; print(platform.python_version())')"
(cd python && python3 -B -W error -m unittest discover -t . -s tests)

if command -v go >/dev/null; then
  echo "clients: $(go version)"
  # Nothing to fetch: the standard library only.
  (cd go && export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local && go vet ./... && go test ./...)
else
  echo "clients: the Go client is not tested, because there is no go (apt install golang-go)"
fi
