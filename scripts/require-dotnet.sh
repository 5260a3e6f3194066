# To be sourced. Makes sure that there is a .NET 10 SDK, or says how to get one.

has_dotnet() {
    command -v dotnet > /dev/null && dotnet --list-sdks 2> /dev/null | grep -q '^10\.'
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

require_dotnet() {
    if ! has_dotnet && command -v apt-get > /dev/null; then
        echo "No .NET 10 SDK here; trying: apt-get install dotnet-sdk-10.0" >&2
        as_root apt-get update -q >&2 || true
        as_root apt-get install -y -q dotnet-sdk-10.0 >&2 || true
    fi

    if ! has_dotnet; then
        echo "Avocet needs the .NET 10 SDK. How to install it: https://learn.microsoft.com/dotnet/core/install/" >&2
        exit 1
    fi

    # The built programs look here for their runtime, wherever the SDK was installed.
    export DOTNET_ROOT="${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}"
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
}
