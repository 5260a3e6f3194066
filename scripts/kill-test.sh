#!/usr/bin/env bash
# Kills the broker while it acknowledges and while it delivers, as often as asked for, and compares what arrives with what was acknowledged.
# usage: scripts/kill-test.sh [ROUNDS] [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/require-dotnet.sh

require_dotnet
export AVOCET_KILL_ROUNDS="${1:-500}"
export AVOCET_KILL_SEED="${2:-$RANDOM}"
export MSBUILDDISABLENODEREUSE=1

dotnet build tests/Server.Tests -c Release -v quiet --nologo -p:UseSharedCompilation=false
echo "$AVOCET_KILL_ROUNDS rounds, seed $AVOCET_KILL_SEED; about a second each."
exec tests/Server.Tests/bin/Release/net10.0/Avocet.Server.Tests -noColor -class Avocet.Server.Tests.Crashes.KillTests
