#!/usr/bin/env bash
# Builds Avocet where something changed, then serves. Arguments go to 'avocet serve': ./run.sh --help tells which there are.
set -euo pipefail
root="$(cd "$(dirname "$0")" && pwd)"
source "$root/scripts/require-dotnet.sh"
require_dotnet

program="$root/src/Cli/bin/Release/net10.0/avocet"
stamp="$root/src/Cli/bin/Release/built"

is_stale() {
    [ ! -x "$program" ] || [ ! -e "$stamp" ] || [ -n "$(find "$root/src" "$root"/Directory.*.props "$root/global.json" \
        \( -name bin -o -name obj -o -name node_modules \) -prune -o -newer "$stamp" -print -quit)" ]
}

if is_stale; then
    echo "Building Avocet; this takes a moment the first time." >&2
    begun="$(mktemp)"
    trap 'rm -f "$begun"' EXIT
    if ! (cd "$root" && dotnet build src/Cli/Cli.csproj -c Release -v quiet --nologo -nodeReuse:false -clp:ErrorsOnly) >&2; then
        echo "The build failed; what is wrong stands above." >&2
        exit 1
    fi

    # What was saved while the build ran is newer than this, and is built the next time.
    touch -r "$begun" "$stamp"
    rm -f "$begun"
fi

# Exec, so that signals reach the broker and its exit code is ours.
exec "$program" serve "$@"
