#!/usr/bin/env bash
# Publishes avocet for machines without .NET: for each runtime one executable, with RocksDB's library beside it, in artifacts/publish/RID.
# usage: ./publish.sh [--archive] [RID…]     --archive packs each into artifacts/publish/avocet-VERSION-RID.tar.gz (.zip for Windows)
set -euo pipefail
cd "$(dirname "$0")"
source scripts/require-dotnet.sh
source scripts/version.sh

all=(linux-x64 linux-arm64 linux-musl-x64 osx-arm64 win-x64)
archive=false
runtimes=()
for argument in "$@"; do
    case "$argument" in
        --archive) archive=true ;;
        -h | --help)
            sed -n '2,3s/^# //p' "$0"
            echo "RIDs: ${all[*]}; without any, all of them."
            exit 0
            ;;
        *)
            if [[ " ${all[*]} " != *" $argument "* ]]; then
                echo "publish.sh: '$argument' is none of ${all[*]}" >&2
                exit 1
            fi
            runtimes+=("$argument")
            ;;
    esac
done
if [ "${#runtimes[@]}" -eq 0 ]; then runtimes=("${all[@]}"); fi

require_dotnet
export MSBUILDDISABLENODEREUSE=1

bytes() { od -An -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }

# What a file is for, by its first bytes: the runtime's executable and library must both be of its kind.
machine_of() {
    case "$(bytes "$1" 0 4)" in
        7f454c46) case "$(bytes "$1" 18 2)" in 3e00) echo linux-x64 ;; b700) echo linux-arm64 ;; *) echo "ELF $(bytes "$1" 18 2)" ;; esac ;;
        cffaedfe) case "$(bytes "$1" 4 4)" in 0c000001) echo osx-arm64 ;; *) echo "Mach-O $(bytes "$1" 4 4)" ;; esac ;;
        4d5a*) echo win-x64 ;;
        *) echo unknown ;;
    esac
}

check() {
    local runtime="$1" folder="$2" program="$3" library="$4" file
    for file in "$program" "$library"; do
        if [ ! -e "$folder/$file" ]; then
            echo "publish.sh: $folder has no $file" >&2
            return 1
        fi
        if [ "$(machine_of "$folder/$file")" != "${runtime/-musl/}" ]; then
            echo "publish.sh: $folder/$file is for $(machine_of "$folder/$file")" >&2
            return 1
        fi
    done
    # One that nobody loads is 15 MB for nothing.
    if [ "$(find "$folder" -name '*rocksdb*' | wc -l)" -ne 1 ]; then
        echo "publish.sh: $folder has more than one library of RocksDB" >&2
        return 1
    fi
}

pack() {
    local folder="$1" name="$2"
    local place="artifacts/publish/$name"
    rm -rf "$place" "$place.tar.gz" "$place.zip"
    cp -r "$folder" "$place"
    cp LICENSE README.md CHANGELOG.md "$place"
    cp packaging/copyright "$place/THIRD-PARTY-NOTICES.txt"
    case "$name" in
        *-win-*)
            if command -v zip > /dev/null; then
                (cd artifacts/publish && zip -q -r "$name.zip" "$name")
            else
                (cd artifacts/publish && python3 -m zipfile -c "$name.zip" "$name")
            fi
            echo "$place.zip"
            ;;
        *)
            tar -C artifacts/publish --owner=0 --group=0 --numeric-owner --sort=name -czf "$place.tar.gz" "$name"
            echo "$place.tar.gz"
            ;;
    esac
    rm -r "$place"
}

for runtime in "${runtimes[@]}"; do
    folder="artifacts/publish/$runtime"
    rm -rf "$folder"
    # Artifacts of its own: the ordinary build stays as it is.
    # The analyzers have had their say in the ordinary build; here they would take half of the time.
    dotnet publish src/Cli -c Release -r "$runtime" --self-contained -p:PublishSingleFile=true -p:PublishTrimmed=true -o "$folder" \
        --artifacts-path artifacts/single -v quiet --nologo -p:RunAnalyzers=false -p:UseSharedCompilation=false >&2
    # The last is for IIS, which we do not serve in.
    rm -f "$folder"/*.pdb "$folder"/*.xml "$folder"/*.dbg "$folder"/aspnetcorev2_inprocess.dll

    program=avocet
    case "$runtime" in
        linux-musl-*) library=librocksdb-musl.so ;;
        linux-*) library=librocksdb.so ;;
        osx-*) library=librocksdb.dylib ;;
        win-*) library=rocksdb.dll program=avocet.exe ;;
    esac
    # The package has it for its owner only.
    chmod 644 "$folder/$library"
    check "$runtime" "$folder" "$program" "$library"
    echo "$folder/$program ($(du -sm "$folder" | cut -f1) MB)"
    if "$archive"; then pack "$folder" "avocet-$(avocet_version)-$runtime"; fi
done
