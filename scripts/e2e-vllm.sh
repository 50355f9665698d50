#!/usr/bin/env bash
# Compares kvindexer's predictions with what two real vLLM servers on the CPU deliver, and the
# tokens that it has text rendered to with those that they read; then puts the picker and a real
# Envoy before the servers, against round robin.
#
# The first run installs vLLM into .vllm (more than 1 GB from PyPI). Where CI=true it does so only
# with E2E_VLLM_SETUP=1, and skips this stage otherwise. Logs go to .work/e2e-vllm.
set -euo pipefail
cd "$(dirname "$0")/.."
RELEASE=${RELEASE:-swift build -c release}

venv=.vllm
work=.work/e2e-vllm

if [[ ! -x $venv/bin/vllm && ${CI:-} == true && ${E2E_VLLM_SETUP:-} != 1 ]]; then
  echo "e2e-vllm: skipped, because vLLM is not in $venv (E2E_VLLM_SETUP=1 installs it)"
  exit 0
fi

$RELEASE --product kvindexer
$RELEASE --product epp
bin=$($RELEASE --show-bin-path)
scripts/vllm/setup.sh "$venv"
scripts/envoy/setup.sh
"$venv/bin/python" -B scripts/vllm/make_model.py "$work/model"
export PYTHONPATH=clients/python
exec python3 -B scripts/vllm/drive.py --kvindexer "$bin/kvindexer" --epp "$bin/epp" \
  --envoy "${KV_ENVOY:-.envoy}/bin/envoy" --vllm "$venv/bin/vllm" --model "$work/model" \
  --logs "$work/logs"
