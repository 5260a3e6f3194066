#!/usr/bin/env bash
# Packs avocet as a tool of .NET: dotnet tool install --global Avocet.Tool --source FOLDER
# usage: scripts/publish-tool.sh [FOLDER]     default: artifacts/tool
set -euo pipefail
folder="$(realpath -m "${1:-"$(dirname "$0")/../artifacts/tool"}")"
cd "$(dirname "$0")/.."
source scripts/require-dotnet.sh
require_dotnet
export MSBUILDDISABLENODEREUSE=1
# Artifacts of its own: the ordinary build stays as it is.
# The analyzers have had their say in the ordinary build; here they would take half of the time.
dotnet pack src/Cli -c Release -o "$folder" --artifacts-path artifacts/pack -v quiet --nologo -p:RunAnalyzers=false -p:UseSharedCompilation=false >&2
ls -1 "$folder"/*.nupkg
