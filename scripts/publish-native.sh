#!/usr/bin/env bash
# Compiles avocet ahead of time: one executable that needs no .NET, starts in a blink and takes half the memory. The RocksDB library lies beside it.
# usage: scripts/publish-native.sh FOLDER [RID]
set -euo pipefail
folder="$(realpath -m "${1:?usage: scripts/publish-native.sh FOLDER [RID]}")"
cd "$(dirname "$0")/.."
source scripts/require-dotnet.sh

require_dotnet
case "$(uname -m)" in aarch64 | arm64) machine=arm64 ;; *) machine=x64 ;; esac
runtime="${2:-linux-$machine}"
export MSBUILDDISABLENODEREUSE=1
compiler=()
# Artifacts of its own: the ordinary build stays as it is. What is no machine code yet serves both architectures.
artifacts=artifacts/native
case "$runtime" in
    "linux-$machine")
        if command -v clang > /dev/null; then
            :
        elif command -v gcc > /dev/null; then
            compiler=(-p:CppCompilerAndLinker=gcc)
        else
            echo "Compiling ahead of time takes a linker: install clang or gcc, and zlib's development files (Debian: apt install gcc libc6-dev zlib1g-dev)." >&2
            exit 1
        fi
        ;;
    linux-arm64 | linux-x64)
        case "$runtime" in linux-arm64) cross=aarch64-linux-gnu ;; *) cross=x86_64-linux-gnu ;; esac
        if ! command -v "$cross-gcc" > /dev/null; then
            echo "Compiling for $runtime on this machine takes its linker: install $cross-gcc (on Debian of amd64: apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)." >&2
            exit 1
        fi
        # .NET names the target to the linker as one has to with clang; gcc is made for one, and refuses that.
        linker="$PWD/$artifacts/$cross-gcc"
        mkdir -p "$artifacts"
        printf '#!/usr/bin/env bash\nexec %s-gcc "${@/#--target=*/-pie}"\n' "$cross" > "$linker"
        chmod +x "$linker"
        compiler=("-p:CppCompilerAndLinker=$linker" "-p:ObjCopyName=$cross-objcopy")
        ;;
    *)
        echo "Compiling ahead of time is for linux-x64 and linux-arm64 here; ./publish.sh makes a single file for $runtime." >&2
        exit 1
        ;;
esac
# The analyzers have had their say in the ordinary build; here they would take half of the time.
dotnet publish src/Cli -c Release -r "$runtime" -p:PublishAot=true -o "$folder" --artifacts-path "$artifacts" -v quiet --nologo -p:RunAnalyzers=false -p:UseSharedCompilation=false "${compiler[@]}" >&2
rm -f "$folder"/*.dbg "$folder"/*.pdb "$folder"/*.xml
echo "$folder/avocet"
