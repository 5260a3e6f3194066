#!/usr/bin/env bash
# Measures Avocet, Debian's Mosquitto and MQTTnet's server side by side on loopback and prints a Markdown table; see bench/README.md.
# usage: bench/Load/compare.sh [--rounds N] [--only NAME,…] [--brokers NAME,…] [--quick] [--avocet PATH] [--avocet2 PATH]
set -euo pipefail
cd "$(dirname "$0")/../.."
source scripts/require-dotnet.sh

require_dotnet
export MSBUILDDISABLENODEREUSE=1
ulimit -n 65536 2> /dev/null || ulimit -n "$(ulimit -H -n)"
for project in src/Cli bench/MqttNetServer bench/Load; do
  dotnet build "$project" -c Release -v quiet --nologo -p:UseSharedCompilation=false >&2
done
program=src/Cli/bin/Release/net10.0/avocet
measured=()
# As it is installed, compiled ahead of time; and as ./run.sh builds it.
case " $* " in *" --avocet "*) ;; *) measured=(--avocet "$(scripts/publish-native.sh artifacts/compare)" --avocet2 "$program") ;; esac
exec bench/Load/bin/Release/net10.0/Avocet.Load --tool "$program" --mqttnet bench/MqttNetServer/bin/Release/net10.0/Avocet.MqttNetServer "${measured[@]}" "$@"
