#!/bin/bash
# Installs, starts, upgrades, removes and purges the Debian package, on a copy of this system that is thrown away (an overlay), with a network of its own.
# To be run as root. usage: install.sh PACKAGE UPGRADE FOLDER
set -euo pipefail

if [ "${4:-}" != inside ]; then
    package="$1" upgrade="$2" folder="$3"
    mkdir -p "$folder/layers"
    exec unshare --mount --pid --fork --net --propagation private /bin/bash -c '
        set -euo pipefail
        mount -t tmpfs none "$3/layers"
        mkdir "$3/layers/upper" "$3/layers/work" "$3/layers/root"
        mkdir "$3/layers/upper/test"
        cp "$1" "$3/layers/upper/test/one.deb"
        cp "$2" "$3/layers/upper/test/two.deb"
        cp "$0" "$3/layers/upper/test/install.sh"
        cp "$(dirname "$0")/../../packaging/Containerfile" "$3/layers/upper/test"
        mount -t overlay overlay -o "lowerdir=/,upperdir=$3/layers/upper,workdir=$3/layers/work" "$3/layers/root"
        root="$3/layers/root"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs none "$root/run"
        mount -t tmpfs none "$root/tmp"
        ip link set lo up
        exec chroot "$root" /bin/bash /test/install.sh - - - inside
    ' "$(realpath "$0")" "$package" "$upgrade" "$folder"
fi

export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
step() { echo "== $*"; }
fail() {
    echo "FAILED: $*"
    [ ! -e /test/log ] || cat /test/log
    exit 1
}
# Waits for something at most 30 s.
wait_for() {
    local i
    for i in $(seq 300); do
        if "$@" > /dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    fail "still not so after 30 s: $*"
}

# Starts it as the unit would, or with the command line given: its user and folder, without privileges.
start() {
    : > /test/log
    local command="${1:-$(sed -n 's/^ExecStart=//p' /lib/systemd/system/avocet.service)}"
    # shellcheck disable=SC2086
    setpriv --reuid avocet --regid avocet --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all env -i $command > /test/log 2>&1 &
    server=$!
    wait_for grep -q 'Ready\.' /test/log
}

# Stops it as systemd would.
stop() {
    kill -TERM "$server"
    wait "$server" || fail "ended with $?"
}

step "install"
apt-get install --yes --no-install-recommends /test/one.deb
[ "$(stat -c '%U:%G %a' /var/lib/avocet)" = "avocet:avocet 750" ] || fail "/var/lib/avocet is $(stat -c '%U:%G %a' /var/lib/avocet)"
[ "$(getent passwd avocet | cut -d: -f7)" = /usr/sbin/nologin ] || fail "avocet may log in"
avocet --version
avocet config check /etc/avocet/avocet.toml
dpkg -V avocet

step "start, keep a message, reload"
start
mosquitto_pub -h 127.0.0.1 -t house/kitchen -m 21.0 -q 1 -r
kill -HUP "$server"
wait_for grep -q 'Configuration reloaded: 0 applied' /test/log
stop

step "upgrade"
echo "# mine" >> /etc/avocet/avocet.toml
dpkg -i /test/two.deb
[ "$(dpkg-query -W -f '${Version}' avocet)" = "$(dpkg-deb -f /test/two.deb Version)" ] || fail "not upgraded"
grep -q '^# mine$' /etc/avocet/avocet.toml || fail "the upgrade changed the configuration"
start
[ "$(mosquitto_sub -h 127.0.0.1 -t house/kitchen -C 1 -W 10)" = 21.0 ] || fail "the upgrade lost what was kept"
stop

step "start as the container does, with a file that its user mounts"
cp /etc/avocet/avocet.toml /test/kept.toml
printf 'data = "/var/lib/avocet"\n[[listener]]\nname = "all"\naddress = "0.0.0.0"\nport = 1883\nallow_anonymous = true\n' > /etc/avocet/avocet.toml
start "$(sed -n 's/^ENTRYPOINT //p; s/^CMD //p' /test/Containerfile | tr -d '[],"' | tr '\n' ' ')"
[ "$(mosquitto_sub -h 127.0.0.1 -t house/kitchen -C 1 -W 10)" = 21.0 ] || fail "it serves nothing"
stop
cp /test/kept.toml /etc/avocet/avocet.toml

step "remove"
dpkg -r avocet
[ ! -e /usr/bin/avocet ] && [ ! -e /usr/lib/avocet ] && [ ! -e /lib/systemd/system/avocet.service ] || fail "there is something left"
[ -e /etc/avocet/avocet.toml ] && [ -n "$(ls -A /var/lib/avocet)" ] || fail "configuration or data are gone"

step "purge"
dpkg -P avocet
[ ! -e /etc/avocet ] && [ ! -e /var/lib/avocet ] || fail "there is something left"
! dpkg-query -W avocet > /dev/null 2>&1 || fail "dpkg still knows it"
echo "All steps done."
