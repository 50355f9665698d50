#!/usr/bin/env bash
# Keeps endpoints.yaml up to date with a Ray cluster: writes it whenever the nodes have changed.
#
# usage: follow.sh [OPTION OF ray-endpoints]...
#
# Runs until it is ended, beside epp, in the folder that epp runs in. A failure leaves the last file.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
generator=${RAY_ENDPOINTS:-$here/../../scripts/ray-endpoints}
seconds=${RAY_POLL_SECONDS:-5}
last=''
while true; do
  if nodes=$(ray list nodes --detail --limit 10000 --format json) &&
    new=$("$generator" "$@" <<<"$nodes") && [[ $new != "$last" ]]; then
    "$generator" --output endpoints.yaml "$@" <<<"$nodes" && last=$new &&
      echo "endpoints.yaml: $(grep -c -- '- name:' endpoints.yaml) engines"
  fi
  sleep "$seconds"
done
