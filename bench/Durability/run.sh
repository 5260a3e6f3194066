#!/usr/bin/env bash
# Measures Avocet and Debian's Mosquitto side by side on loopback and prints Markdown tables.
# usage: bench/Durability/run.sh [ROUNDS] [RESTART_MESSAGES] [queued]
# With 'queued' only Avocet's restart with queued messages, which may then be more than fit into memory.
set -euo pipefail
cd "$(dirname "$0")/../.."
source scripts/require-dotnet.sh

require_dotnet
export MSBUILDDISABLENODEREUSE=1
[ -x /usr/sbin/mosquitto ] || command -v mosquitto > /dev/null || { echo "mosquitto is not installed (Debian: apt install mosquitto)" >&2; exit 1; }
dotnet build src/Cli -c Release -v quiet --nologo -p:UseSharedCompilation=false
dotnet build bench/Durability -c Release -v quiet --nologo -p:UseSharedCompilation=false
exec bench/Durability/bin/Release/net10.0/Avocet.Durability "$PWD/src/Cli/bin/Release/net10.0/avocet" "${1:-3}" "${2:-1000000}" "${@:3}"
