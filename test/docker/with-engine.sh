#!/usr/bin/env bash
# Runs a command with a Docker engine of its own: `with-engine.sh COMMAND…`, as root, with DOCKER_HOST for the command.
# Exits with the command's code; with 75, and a reason, where no engine can run.
#
# The engine and the command live in namespaces of their own (network, mounts, processes): however this ends, its
# bridge, firewall rules, mounts, containers and processes end with it. The command reaches no network but the engine's.
set -euo pipefail

if [ -z "${PG_EVICT_ENGINE:-}" ]; then
  for program in dockerd ip iptables unshare; do
    if ! command -v "$program" >/dev/null; then
      echo "no Docker engine: $program is missing" >&2
      exit 75
    fi
  done
  PG_EVICT_ENGINE=$(mktemp -d "${PG_EVICT_CI_WORK:-${TMPDIR:-/tmp}}/pg-evict-engine-XXXXXX")
  export PG_EVICT_ENGINE
  # Control groups know no such namespace; these are empty when the engine is gone.
  clean_up() {
    find /sys/fs/cgroup -depth -type d -path "*/$(basename "$PG_EVICT_ENGINE")*" -exec rmdir {} + 2>/dev/null || true
    rm -rf "$PG_EVICT_ENGINE"
  }
  trap clean_up EXIT
  if ! unshare --net --mount --pid --fork --mount-proc --kill-child true; then
    echo 'no Docker engine: namespaces can be made by root only, and not everywhere' >&2
    exit 75
  fi
  code=0
  unshare --net --mount --pid --fork --mount-proc --kill-child bash "${BASH_SOURCE[0]}" "$@" || code=$?
  exit "$code"
fi

ip link set lo up
dockerd \
  --data-root "$PG_EVICT_ENGINE/data" \
  --exec-root "$PG_EVICT_ENGINE/exec" \
  --exec-opt native.cgroupdriver=cgroupfs \
  --cgroup-parent "/$(basename "$PG_EVICT_ENGINE")" \
  --pidfile "$PG_EVICT_ENGINE/pid" \
  --host "unix://$PG_EVICT_ENGINE/docker.sock" \
  >"$PG_EVICT_ENGINE/log" 2>&1 &
engine=$!
export DOCKER_HOST=unix://$PG_EVICT_ENGINE/docker.sock

until docker version >/dev/null 2>&1; do
  if ! kill -0 "$engine" 2>/dev/null; then
    tail -n 5 "$PG_EVICT_ENGINE/log" >&2
    echo 'no Docker engine: dockerd did not start' >&2
    exit 75
  fi
  sleep 0.1
done

unset PG_EVICT_ENGINE
code=0
"$@" || code=$?
docker ps --all --format 'a container was left running: {{.Names}} ({{.Image}}, {{.Status}})' >&2
kill "$engine"
wait "$engine" || true
exit "$code"
