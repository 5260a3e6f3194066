#!/usr/bin/env bash
# Builds the Debian package of avocet, compiled ahead of time, in artifacts/deb. For the other architecture a cross compiler is needed
# (on amd64: apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross).
# usage: scripts/publish-deb.sh [amd64|arm64]…     without any: the one of this machine
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/version.sh
umask 022

here="$(dpkg --print-architecture)"
architectures=("$@")
if [ "${#architectures[@]}" -eq 0 ]; then architectures=("$here"); fi
version="$(avocet_version)"
# 1.0-rc.1 comes before 1.0: Debian writes that with ~.
version="${version/-/\~}-1"
# The same commit makes the same package.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

gzipped() { gzip -9n > "$1"; }

# The program writes its own manual; one for another machine cannot be started here, but has the same.
manual() {
    local architecture="$1" program="$2" folder="$3" day
    day="$(date -u +%Y-%m-%d -d "@$SOURCE_DATE_EPOCH")"
    if [ "$architecture" = "$here" ]; then
        "$program" manual "$folder" --date "$day"
    else
        dotnet run --project src/Cli -c Release -v quiet -- manual "$folder" --date "$day"
    fi
    chmod 644 "$folder"/*.1
    gzip -9n "$folder"/*.1
}

build() {
    local architecture="$1" runtime="$2"
    local stage="artifacts/deb/stage-$architecture" programs="artifacts/deb/program-$architecture"
    rm -rf "$stage" "$programs"
    scripts/publish-native.sh "$programs" "$runtime" > /dev/null

    local documents="$stage/usr/share/doc/avocet"
    install -d "$stage/DEBIAN" "$stage/usr/bin" "$documents" "$stage/usr/share/man/man1"
    install -D -m 755 "$programs/avocet" "$stage/usr/lib/avocet/avocet"
    install -D -m 644 "$programs/librocksdb.so" "$stage/usr/lib/avocet/librocksdb.so"
    ln -s ../lib/avocet/avocet "$stage/usr/bin/avocet"
    install -D -m 644 packaging/debian/avocet.toml "$stage/etc/avocet/avocet.toml"
    install -D -m 644 packaging/debian/avocet.service "$stage/lib/systemd/system/avocet.service"
    install -D -m 644 packaging/debian/lintian-overrides "$stage/usr/share/lintian/overrides/avocet"
    install -m 644 packaging/copyright "$documents/copyright"
    install -m 644 docs/configuration.md docs/durability.md docs/store.md "$documents"
    gzipped "$documents/changelog.gz" < CHANGELOG.md
    gzipped "$documents/changelog.Debian.gz" << END
avocet ($version) unstable; urgency=medium

  * Built from the sources of Avocet $(avocet_version): see changelog.gz.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
    manual "$architecture" "$programs/avocet" "$stage/usr/share/man/man1"

    local script libc
    for script in postinst prerm postrm; do install -m 755 "packaging/debian/$script" "$stage/DEBIAN/$script"; done
    echo /etc/avocet/avocet.toml > "$stage/DEBIAN/conffiles"
    # The newest symbol of the C library that one of the two files wants.
    libc="$(grep -aoh 'GLIBC_2\.[0-9]*' "$stage"/usr/lib/avocet/* | sort -uV | tail -1)"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@LIBC@/${libc#GLIBC_}/" -e "s/@INSTALLED_SIZE@/$(du -sk --exclude=DEBIAN "$stage" | cut -f1)/" \
        packaging/debian/control.in > "$stage/DEBIAN/control"
    (cd "$stage" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) > "$stage/DEBIAN/md5sums"
    chmod 644 "$stage/DEBIAN/md5sums" "$stage/DEBIAN/control" "$stage/DEBIAN/conffiles"
    # Old enough for every Debian that has the C library we need.
    dpkg-deb --root-owner-group -Zxz --build "$stage" "artifacts/deb/avocet_${version}_$architecture.deb" > /dev/null
    rm -rf "$stage" "$programs"
    echo "artifacts/deb/avocet_${version}_$architecture.deb"
}

maintainer="$(sed -n 's/^Maintainer: //p' packaging/debian/control.in)"
for architecture in "${architectures[@]}"; do
    case "$architecture" in
        amd64) build amd64 linux-x64 ;;
        arm64) build arm64 linux-arm64 ;;
        *)
            echo "publish-deb.sh: '$architecture' is neither amd64 nor arm64" >&2
            exit 1
            ;;
    esac
done
