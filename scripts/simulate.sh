#!/usr/bin/env bash
# Runs the simulation over many seeds, in one process for each core: scripts/simulate.sh N [FROM]. Ends with 1 if a seed failed.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/require-dotnet.sh
require_dotnet

count="${1:?how many seeds?}"
from="${2:-1}"
workers="$(nproc)"
share=$(((count + workers - 1) / workers))
program=tests/Simulation/bin/Release/net10.0/Avocet.Simulation

dotnet build tests/Simulation -c Release -v quiet --nologo || exit 1
pids=()
for ((worker = 0; worker < workers; worker++)); do
    first=$((from + worker * share))
    left=$((from + count - first))
    if [ "$left" -le 0 ]; then break; fi
    "$program" --from "$first" --seeds "$((left < share ? left : share))" &
    pids+=($!)
done
trap 'kill "${pids[@]}" 2> /dev/null; exit 130' INT TERM

failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
exit "$failed"
