#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Does nothing when they are there.
set -euo pipefail

packages=(libzmq3-dev libmsgpack-dev libxxhash-dev libyaml-dev libmicrohttpd-dev
    libcurl4-openssl-dev libnghttp2-dev libssl-dev openssl make curl python3 python3-venv
    python3-grpcio python3-protobuf python3-prometheus-client protobuf-compiler nghttp2-client)

command -v swift >/dev/null || {
    echo "The Swift toolchain (6.1 or later) is not on PATH: https://www.swift.org/install/linux" >&2
    exit 1
}
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
