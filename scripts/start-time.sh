#!/usr/bin/env bash
# Measures how long avocet takes from its start until it serves, and what memory it then has. Prints the median.
# usage: scripts/start-time.sh PROGRAM [ROUNDS]
set -euo pipefail
program="$(realpath "${1:?usage: scripts/start-time.sh PROGRAM [ROUNDS]}")"
rounds="${2:-11}"
data="$(mktemp -d)"
trap 'rm -rf "$data"' EXIT

for _ in $(seq "$rounds"); do
    begun="$(date +%s%N)"
    coproc "$program" serve --port auto --ws-port auto --data "$data"
    broker=$COPROC_PID
    while read -r line <&"${COPROC[0]}"; do
        case "$line" in *Ready.) break ;; esac
    done
    milliseconds="$((($(date +%s%N) - begun) / 1000000))"
    echo "$milliseconds $(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$broker/status") / 1024))"
    kill "$broker"
    wait "$broker" || true
done | sort -n | sed -n "$(((rounds + 1) / 2))s/\(.*\) \(.*\)/ready after \1 ms, \2 MB resident/p"
