#!/bin/bash
# The life of the package, in a machine of its own with systemd; says "all is well" at the end, or where it was not.
set -u
fail() { echo "FAILED: $1"; journalctl -u kaigi -n 60 --no-pager; systemctl status kaigi --no-pager; exit 1; }
until_true() { # what, command…
  local what=$1; shift
  for _ in $(seq 300); do "$@" && return; sleep 0.1; done
  fail "not in 30 s: $what"
}
step() { echo "== $1, after $SECONDS s"; }
main_pid() { systemctl show -p MainPID --value kaigi; }
answers() { curl -ksf https://localhost/healthz >/dev/null; }

step "install"
dpkg -i /root/first.deb || fail "dpkg -i"
[ "$(stat -c '%U %a' /var/lib/kaigi)" = "kaigi 700" ] || fail "the data folder: $(stat -c '%U %a' /var/lib/kaigi)"
[ "$(stat -c '%U %G %a' /etc/kaigi/kaigi.toml)" = "root kaigi 640" ] || fail "the settings' mode"
systemctl is-active --quiet kaigi && fail "it runs before it is set up"

step "set up"
kaigi setup meet.example.org --yes </dev/null
systemctl is-active --quiet kaigi || fail "it is not started"
systemctl is-enabled --quiet kaigi || fail "it is not enabled"
answers || fail "it does not answer on 443"
[ "$(ps -o user= -p "$(main_pid)")" = kaigi ] || fail "it runs as $(ps -o user= -p "$(main_pid)")"
curl -s -o /dev/null -w '%{http_code}\n' http://localhost/ | grep -q 308 || fail "port 80 does not redirect"
systemctl show -p StatusText kaigi | grep -q 'serving meetings' || fail "systemd was not told its status"

step "watchdog"
mkdir -p /etc/systemd/system/kaigi.service.d
printf '[Service]\nWatchdogSec=3\n' >/etc/systemd/system/kaigi.service.d/test.conf
systemctl daemon-reload && systemctl restart kaigi
hung=$(main_pid)
sleep 6
[ "$(main_pid)" = "$hung" ] || fail "a healthy one was restarted"
kill -STOP "$hung"
restarted() { [ "$(systemctl show -p NRestarts --value kaigi)" = 1 ] && systemctl is-active --quiet kaigi && answers; }
until_true "the one that hangs is restarted" restarted
[ "$(main_pid)" != "$hung" ] || fail "it is the same process"
journalctl -u kaigi --no-pager | grep -qi 'watchdog timeout' || fail "it was not the watchdog"
rm -r /etc/systemd/system/kaigi.service.d && systemctl daemon-reload

step "upgrade"
echo kept >/var/lib/kaigi/kept
settings=$(md5sum </etc/kaigi/kaigi.toml)
before=$(main_pid)
# Somebody connects all the time, by each of both ports.
: >/root/refused
while [ ! -e /root/enough ]; do
  for url in https://localhost/healthz http://localhost/; do
    curl -ks -o /dev/null --max-time 30 "$url" || echo "$url: curl says $?" >>/root/refused
  done
  echo >>/root/tried
done &
dpkg -i /root/second.deb </dev/null || fail "the upgrade"
until_true "it answers after the upgrade" answers
touch /root/enough; wait $!
[ -s /root/refused ] && fail "refused in the upgrade: $(cat /root/refused)"
[ "$(wc -l </root/tried)" -gt 5 ] || fail "too few connections: $(wc -l </root/tried)"
[ "$(main_pid)" != "$before" ] || fail "it was not restarted"
[ "$(dpkg-query -W -f '${Version}' kaigi)" = 99.0.0 ] || fail "the version"
[ -f /var/lib/kaigi/kept ] || fail "the data folder was lost"
[ "$(md5sum </etc/kaigi/kaigi.toml)" = "$settings" ] || fail "the settings were replaced"

step "remove"
dpkg -r kaigi || fail "dpkg -r"
systemctl is-active --quiet kaigi && fail "it still runs"
[ ! -e /usr/bin/kaigi ] || fail "the program is still there"
[ -f /var/lib/kaigi/kept ] && [ -f /etc/kaigi/kaigi.toml ] || fail "more was removed than the program"
[ ! -e /etc/systemd/system/multi-user.target.wants/kaigi.service ] || fail "a link to the unit is left"

step "again, and purge"
dpkg -i /root/first.deb || fail "installing again"
dpkg -P kaigi || fail "dpkg -P"
for left in /var/lib/kaigi /etc/kaigi /usr/lib/systemd/system/kaigi.service; do
  [ ! -e "$left" ] || fail "$left is left"
done
getent passwd kaigi && fail "the user is left"
echo "all is well"
