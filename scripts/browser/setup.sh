#!/usr/bin/env bash
# Makes a Python environment that drives Debian's Chromium, or finds it there and does nothing.
#
# usage: setup.sh [VENV]
#
# The default is $KV_BROWSER, or .browser in the project's folder. Chromium and a font for the
# screenshots come from Debian, `playwright` and `pillow` from PyPI; no browser is fetched.
set -euo pipefail

playwright=1.56.0
pillow=12.0.0
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${1:-${KV_BROWSER:-$root/.browser}}
packages=(chromium fonts-inter python3-venv)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

is_complete() {
  [[ -x $venv/bin/python ]] &&
    "$venv/bin/python" -c 'import playwright.sync_api, PIL' 2>/dev/null
}

if ! is_complete; then
  [[ -x $venv/bin/python ]] || /usr/bin/python3 -m venv "$venv"
  if ! "$venv/bin/python" -m pip --quiet --disable-pip-version-check install \
    "playwright==$playwright" "pillow==$pillow" 2>"$venv/install.log"; then
    cat "$venv/install.log" >&2
    echo "setup: playwright $playwright could not be installed: is PyPI within reach?" >&2
    exit 1
  fi
  is_complete || { echo "setup: playwright does not run in $venv" >&2; exit 1; }
fi
echo "setup: $(chromium --version 2>/dev/null | head -1) is ready, driven from $venv"
