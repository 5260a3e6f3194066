#!/bin/bash
# Boots systemd in namespaces of its own, on a copy of this system that is thrown away (an overlay), and lets it run the service of the Debian package.
# To be run as root. usage: systemd.sh PACKAGE FOLDER     what happened is in FOLDER/out/result; "All steps done." is its last line when all was well
set -euo pipefail

if [ "${3:-}" != inside ]; then
    mkdir -p "$2/layers" "$2/out"
    exec unshare --mount --pid --fork --net --cgroup --propagation private /bin/bash "$(realpath "$0")" "$1" "$2" inside
fi

layers="$2/layers"
root="$layers/root"
mount -t tmpfs none "$layers"
mkdir "$layers/upper" "$layers/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$root"
mkdir -p "$root/test/out"
mount --bind "$2/out" "$root/test/out"
cp "$1" "$root/test/one.deb"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
mount -t sysfs none "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
ip link set lo up

# None of this machine's services, and none of what keeps packages in containers from starting theirs.
find "$root/etc/systemd/system" -path '*.wants/*' -delete
rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/fstab"

cat > "$root/test/steps.sh" << 'END'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
fail() {
    echo "FAILED: $*"
    systemctl status avocet.service --no-pager || true
    journalctl -u avocet.service --no-pager || true
    exit 1
}
is() { systemctl show --property "$1" --value avocet.service; }
wait_for() {
    local i
    for i in $(seq 300); do
        if "$@" > /dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    fail "still not so after 30 s: $*"
}

echo "== install: starts at once, and is ready when dpkg returns"
dpkg -i /test/one.deb
[ "$(is ActiveState)/$(is SubState)" = active/running ] || fail "not running"
[ "$(is UnitFileState)" = enabled ] || fail "will not start with the machine"
[ "$(is StatusText)" = "Listening: tcp on 127.0.0.1:1883, ws on 127.0.0.1:8083." ] || fail "status is $(is StatusText)"
[ "$(ps -o user= -p "$(is MainPID)")" = avocet ] || fail "not its own user"
grep -q '^NoNewPrivs:.*1$' "/proc/$(is MainPID)/status" || fail "may get privileges"
grep -q '^Seccomp:.*2$' "/proc/$(is MainPID)/status" || fail "may call everything"
mosquitto_pub -h 127.0.0.1 -t house/kitchen -m 21.0 -q 1 -r

echo "== reload"
systemctl reload avocet.service
wait_for sh -c 'journalctl -u avocet.service | grep -q "Configuration reloaded: 0 applied"'
[ "$(is ActiveState)" = active ] || fail "not active after a reload"

echo "== restart"
systemctl restart avocet.service
[ "$(mosquitto_sub -h 127.0.0.1 -t house/kitchen -C 1 -W 10)" = 21.0 ] || fail "the restart lost what was kept"

echo "== a port below 1024"
printf '[[listener]]\nname = "low"\naddress = "127.0.0.1"\nport = 443\n' >> /etc/avocet/avocet.toml
systemctl restart avocet.service
mosquitto_pub -h 127.0.0.1 -p 443 -t a -m b -q 1

echo "== a crash: systemd starts it anew"
former="$(is MainPID)"
kill -KILL "$former"
# systemd may not have noticed yet, and then it still says "running".
wait_for sh -c '[ "$(systemctl show --property MainPID --value avocet.service)" != "$0" ] && [ "$(systemctl show --property SubState --value avocet.service)" = running ]' "$former"
[ "$(mosquitto_sub -h 127.0.0.1 -t house/kitchen -C 1 -W 10)" = 21.0 ] || fail "the crash lost what was kept"

echo "== passwords, as the configuration's comment says"
install -o avocet -g avocet -m 600 /dev/null /etc/avocet/passwords
avocet passwd -b /etc/avocet/passwords alice secret
[ "$(stat -c '%U %a' /etc/avocet/passwords)" = "avocet 600" ] || fail "passwords are $(stat -c '%U %a' /etc/avocet/passwords)"
printf '[login]\npassword_file = "/etc/avocet/passwords"\n' >> /etc/avocet/avocet.toml
systemctl restart avocet.service
mosquitto_pub -h 127.0.0.1 -u alice -P secret -t a -m b -q 1
! mosquitto_pub -h 127.0.0.1 -t a -m b -q 1 > /dev/null 2>&1 || fail "it lets those in who do not log in"

echo "== exposure"
systemd-analyze security avocet.service --no-pager | tail -1

echo "== remove"
dpkg -r avocet
[ "$(is ActiveState)" = inactive ] || fail "still $(is ActiveState)"
! pgrep -u avocet > /dev/null || fail "the process is still there"
dpkg -P avocet
[ ! -e /var/lib/avocet ] || fail "purge left data"
echo "All steps done."
END
cat > "$root/etc/systemd/system/package-test.service" << 'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/bin/bash /test/steps.sh > /test/out/result 2>&1; systemctl exit 0'
END
cat > "$root/etc/systemd/system/package-test.target" << 'END'
[Unit]
Requires=basic.target
Wants=package-test.service
After=basic.target
END

# Logs to standard error, which the caller sees when nothing else helps.
exec chroot "$root" env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /usr/lib/systemd/systemd --system --unit=package-test.target --log-target=console --show-status=false
