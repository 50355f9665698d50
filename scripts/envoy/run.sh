#!/usr/bin/env bash
# Runs Envoy in front of an endpoint picker, until it is told to end.
#
# usage: run.sh --work DIR --ext-proc PORT [--listen PORT] [--admin PORT] [--workers N] [--tls]
#               [--fail-open] [--no-response] [--keep-length]
#
# DIR gets the configuration (envoy.yaml), the log (envoy.log) and the admin interface's address
# (admin). A port of 0, the default, is any free one: ask the admin interface for /listeners.
# --tls: the picker serves TLS, with whatever certificate; --fail-open: requests go on when there
# is no picker; --no-response: the picker does not see responses; --keep-length: bodies keep their
# content-length, instead of being chunked.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
venv=${KV_ENVOY:-$here/../../.envoy}
work='' ext_proc='' listen=0 admin=0 workers=1 fail_open=false unwanted='#tls' response=true keep_length=false
while (($#)); do
  case $1 in
    --work) work=$2 && shift ;;
    --ext-proc) ext_proc=$2 && shift ;;
    --listen) listen=$2 && shift ;;
    --admin) admin=$2 && shift ;;
    --workers) workers=$2 && shift ;;
    --tls) unwanted='' ;;
    --fail-open) fail_open=true ;;
    --no-response) response=false ;;
    --keep-length) keep_length=true ;;
    *) echo "run: unknown argument $1" >&2 && exit 2 ;;
  esac
  shift
done
[[ -n $work && -n $ext_proc ]] || { echo "run: --work and --ext-proc are needed" >&2; exit 2; }
[[ -x $venv/bin/envoy ]] || { echo "run: no Envoy in $venv; scripts/envoy/setup.sh" >&2; exit 1; }

substitutions=(-e "s/@LISTEN_PORT@/$listen/" -e "s/@EXT_PROC_PORT@/$ext_proc/"
  -e "s/@ADMIN_PORT@/$admin/" -e "s/@FAIL_OPEN@/$fail_open/"
  -e "s/@KEEP_LENGTH@/$keep_length/")
[[ -z $unwanted ]] || substitutions+=(-e "/$unwanted\$/d")
$response || substitutions+=(-e 's/response_\(header\|trailer\)_mode: SEND/response_\1_mode: SKIP/'
  -e 's/response_body_mode: FULL_DUPLEX_STREAMED/response_body_mode: NONE/')
sed "${substitutions[@]}" -e 's/ *#tls$//' "$here/envoy.yaml.in" >"$work/envoy.yaml"

exec "$venv/bin/envoy" --config-path "$work/envoy.yaml" --admin-address-path "$work/admin" \
  --log-path "$work/envoy.log" --log-level "${KV_ENVOY_LOG:-warning}" --concurrency "$workers" \
  --use-dynamic-base-id --drain-time-s 1 --parent-shutdown-time-s 2
