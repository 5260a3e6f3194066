#!/usr/bin/env bash
# Measures Avocet's client and MQTTnet's against the same broker on loopback, by turns, and prints
# a Markdown table of medians; see bench/README.md.
# usage: bench/Client/compare.sh [--messages N] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/../.."
source scripts/require-dotnet.sh

messages=200000
rounds=3
while [ $# -gt 0 ]; do
  case "$1" in
    --messages) messages="$2"; shift 2 ;;
    --rounds) rounds="$2"; shift 2 ;;
    *) echo "usage: bench/Client/compare.sh [--messages N] [--rounds N]" >&2; exit 2 ;;
  esac
done

require_dotnet
export MSBUILDDISABLENODEREUSE=1
if [ "${AVOCET_SKIP_BUILD:-}" != 1 ]; then
  for project in src/Cli bench/Client; do dotnet build "$project" -c Release -v quiet --nologo -p:UseSharedCompilation=false >&2; done
fi
bench=bench/Client/bin/Release/net10.0/Avocet.ClientBench
work="$(mktemp -d)"
broker=""
receiver=""
finish() {
  [ -z "$receiver" ] || kill "$receiver" 2> /dev/null || true
  [ -z "$broker" ] || kill "$broker" 2> /dev/null || true
  rm -rf "$work"
}
trap finish EXIT

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
cat > "$work/avocet.toml" << END
data = ""

[[listener]]
name = "bench"
port = $port
END
env -u AVOCET_SKIP_BUILD src/Cli/bin/Release/net10.0/avocet serve --config "$work/avocet.toml" > "$work/broker.log" 2>&1 &
broker=$!
for _ in $(seq 300); do
  if grep -q 'Ready' "$work/broker.log"; then break; fi
  sleep 0.1
done
grep -q 'Ready' "$work/broker.log" || { echo "the broker does not start:" >&2; cat "$work/broker.log" >&2; exit 1; }

for round in $(seq "$rounds"); do
  for qos in 0 1 2; do
    for library in avocet mqttnet; do
      timeout 300 "$bench" "$library" pub "$qos" "$messages" "$port" | tee -a "$work/lines" >&2
    done
    for library in avocet mqttnet; do
      timeout 300 "$bench" "$library" sub "$qos" "$messages" "$port" > "$work/receiver" &
      receiver=$!
      for _ in $(seq 200); do
        if grep -q ready "$work/receiver"; then break; fi
        sleep 0.1
      done
      timeout 300 "$bench" avocet feed "$qos" "$messages" "$port" > /dev/null
      wait "$receiver"
      receiver=""
      grep -v ready "$work/receiver" | tee -a "$work/lines" >&2
    done
  done
  echo "round $round of $rounds" >&2
done
"$bench" summary "$work/lines"
