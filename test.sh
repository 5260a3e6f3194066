#!/usr/bin/env bash
# Installs what the tests need, builds everything, checks the format, and runs all tests. The last line sums up.
set -uo pipefail
cd "$(dirname "$0")"
source scripts/require-dotnet.sh

configuration=Release
project_seconds_max=900
reports="$(mktemp -d)"
running=""
formatting=""
passed=0
failed=0
skipped=0
total=0

finish() {
    for process in $running $formatting; do kill "$process" 2> /dev/null; done
    dotnet build-server shutdown --vbcscompiler > /dev/null 2>&1
    rm -rf "$reports"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The foreign clients that the tests of the server talk to, and the broker whose file they import.
install_clients() {
    local packages=() program
    [ -x /usr/sbin/mosquitto ] || command -v mosquitto > /dev/null || packages+=(mosquitto)
    command -v mosquitto_pub > /dev/null && command -v mosquitto_sub > /dev/null || packages+=(mosquitto-clients)
    /usr/bin/python3 -c 'import paho.mqtt.client' 2> /dev/null || packages+=(python3-paho-mqtt)
    compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || packages+=(postgresql)
    for program in microsocks zsh fish; do command -v "$program" > /dev/null || packages+=("$program"); done
    command -v openssl > /dev/null || packages+=(openssl)
    command -v npm > /dev/null || packages+=(nodejs npm)
    # For the tests of the console, with a font that has every letter of it.
    [ -x /usr/bin/chromium ] || packages+=(chromium fonts-dejavu-core)
    # To compile ahead of time.
    command -v clang > /dev/null || command -v gcc > /dev/null || packages+=(gcc libc6-dev)
    [ -e /usr/include/zlib.h ] || packages+=(zlib1g-dev)
    # To check the Debian package, and to make that of the other architecture.
    command -v lintian > /dev/null || packages+=(lintian)
    command -v man > /dev/null || packages+=(man-db)
    [ "$(uname -m)" != x86_64 ] || command -v aarch64-linux-gnu-gcc > /dev/null || packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
    if [ "${#packages[@]}" -gt 0 ]; then
        echo "Installing ${packages[*]}"
        export DEBIAN_FRONTEND=noninteractive
        as_root apt-get install -y -q --no-install-recommends "${packages[@]}" > /dev/null 2>&1 \
            || { as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends "${packages[@]}"; } || return 1

        # Debian starts it, on the port that the tests of README.md need.
        case " ${packages[*]} " in *" mosquitto "*) as_root service mosquitto stop > /dev/null 2>&1 ;; esac
        case " ${packages[*]} " in *" postgresql "*) as_root service postgresql stop > /dev/null 2>&1 ;; esac
    fi

    local js=tests/Server.Tests/js
    if [ ! -e "$js/node_modules/.package-lock.json" ] || [ "$js/package-lock.json" -nt "$js/node_modules/.package-lock.json" ]; then
        (cd "$js" && npm ci --no-audit --no-fund) || return 1
    fi
}

# Counts a check that is no test of its own.
check() {
    local name="$1"
    shift
    echo "== $name"
    if "$@"; then return 0; fi
    echo "FAILED: $name"
    failed=$((failed + 1))
    return 1
}

# Waits for the check of the format, and shows what it found.
formatted() {
    wait "$formatting"
    local code=$?
    formatting=""
    cat "$reports/format.log"
    return "$code"
}

attribute() {
    grep -o "<assembly [^>]*>" "$1" | head -1 | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]*'
}

# Runs the tests of a project, with further options of the runner.
run_project() {
    local project="$1"
    shift
    local report="$reports/$project-$total.xml"
    echo "== $project $*"
    local place="tests/$project"
    [ -d "$place" ] || place="samples/$project"
    timeout --kill-after=10 "$project_seconds_max" "$place/bin/$configuration/net10.0/Avocet.$project" -noColor -result-xml "$report" "$@" &
    running=$!
    wait "$running"
    local code=$?
    running=""

    if [ ! -s "$report" ] || [ -z "$(attribute "$report" total)" ]; then
        echo "FAILED: $project ended with code $code and without a report$([ "$code" -eq 124 ] && echo "; it took more than $project_seconds_max s")"
        failed=$((failed + 1))
        return
    fi

    local failures=$(($(attribute "$report" failed) + $(attribute "$report" errors)))
    if [ "$code" -ne 0 ] && [ "$failures" -eq 0 ]; then failures=1; fi
    passed=$((passed + $(attribute "$report" passed)))
    failed=$((failed + failures))
    skipped=$((skipped + $(attribute "$report" skipped)))
    total=$((total + $(attribute "$report" total)))
}

require_dotnet
# Nothing of the build may go on running after this script.
export MSBUILDDISABLENODEREUSE=1

check "foreign clients" install_clients
# With one compiler for all projects, instead of one for each; finish() ends it.
if check "build" dotnet build Avocet.slnx -c "$configuration" -v quiet --nologo -p:UseSharedCompilation=true; then
    # A test starts ./run.sh; with this it has nothing left to build then.
    check "run.sh" ./run.sh --help > /dev/null
    # It takes one processor for a minute: beside the first tests, which move their own clock.
    dotnet format Avocet.slnx --verify-no-changes --no-restore > "$reports/format.log" 2>&1 &
    formatting=$!
    for folder in tests/*.Tests samples/*.Tests; do run_project "$(basename "$folder")"; done
    check "format" formatted
    # The same program compiled ahead of time, as the real process of those tests that start one.
    if check "native" scripts/publish-native.sh artifacts/test; then
        export AVOCET_PROGRAM="$PWD/artifacts/test/avocet" AVOCET_KILL_ROUNDS=5
        run_project Server.Tests -class '*.CommandTests' -class '*.BenchCommandTests' -class '*.StoreCommandTests' -class '*.MosquittoTests' -class '*.PahoTests' \
            -class '*.SignalTests' -class '*.ServiceManagerTests' -class '*.KillTests'
        unset AVOCET_PROGRAM AVOCET_KILL_ROUNDS
    fi
    if [ "$total" -eq 0 ]; then
        echo "FAILED: there were no tests"
        failed=$((failed + 1))
    fi
fi

summary="$passed passed, $failed failed"
if [ "$skipped" -gt 0 ]; then summary="$summary, $skipped skipped"; fi
echo "$summary"
[ "$failed" -eq 0 ]
