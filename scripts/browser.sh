#!/usr/bin/env bash
# The dashboard in a real, headless Chromium.
#
# usage: browser.sh test [--only WORD]…
#        browser.sh screenshots [DIR]
#        browser.sh endurance [--minutes N] [--engines N] [--json FILE]
#
# `test` clicks through the page and compares what it shows with the API, in all its states;
# `screenshots` draws docs/screenshots anew; `endurance` watches the page beside a demo at full load.
# Chromium and what drives it come from scripts/browser/setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
RELEASE=${RELEASE:-swift build -c release}

act=${1:?usage: browser.sh test|screenshots|endurance}
shift
venv=${KV_BROWSER:-$PWD/.browser}
scripts/browser/setup.sh "$venv"
# The decisions need a picker behind Envoy; without it they are left out, and it is said.
PIP_RETRIES=1 PIP_TIMEOUT=10 scripts/envoy/setup.sh || true
$RELEASE --product kvindexer
# Ports and processes are handled as in the stage with vLLM.
export PYTHONPATH=scripts/vllm
exec "$venv/bin/python" -B "scripts/browser/$act.py" \
  --kvindexer "$($RELEASE --show-bin-path)/kvindexer" "$@"
