#!/bin/sh
# Outlets under systemd: their passwords, what the program that switches them may reach, who may switch, and its end when nobody
# asks. Steps for system-tests/steps.ts.
# shellcheck disable=SC2034 # $turn counts
set -eu

until_true() { for turn in $(seq "${TURNS:-300}"); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
oobm_relay() { node program/oobm-relay.cjs "$@"; }
plug() { cat plug; }
secret() { printf "[[outlet_secrets]]\noutlet = \"core-sw1-a\"\nsecret = \"%s\"\n" "$1"; }
# As a technician comes through the tunnel.
console() { who=$1; shift; ssh -p 2222 -i "$who" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR core-sw1@127.0.0.1 "$@"; }

### a Tasmota with a password stands at the other end of a wire, and another host beside it
ip link set lo up
ip netns add plugs
ip -n plugs link set lo up
ip link add eth0 type veth peer name wire netns plugs
ip addr add 203.0.113.2/24 dev eth0
ip link set eth0 up
for address in 7 8; do ip -n plugs addr add "203.0.113.$address/24" dev wire; done
ip -n plugs link set wire up
# Answers as tasmota.github.io/docs/Commands says, and writes down what is asked.
cat >tasmota.cjs <<'END'
const { appendFileSync, writeFileSync } = require('node:fs')
let power = 'ON'
const keep = () => writeFileSync('/root/plug', `${power}\n`)
keep()
require('node:http').createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://plug')
  const command = searchParams.get('cmnd') ?? ''
  appendFileSync('/root/asked', `${command}\n`)
  const answer = value => response.end(JSON.stringify(value))
  if (searchParams.get('user') !== 'admin' || searchParams.get('password') !== 'hush & rush')
    return answer({ WARNING: 'Need user=<username>&password=<password>' })
  power = /^Power1 (ON|OFF)$/.exec(command)?.[1] ?? power
  keep()
  answer({ POWER: power })
}).listen(80)
END
systemd-run --quiet --unit=tasmota --working-directory=/root ip netns exec plugs node tasmota.cjs
until_true curl -sS -m 2 -o /dev/null http://203.0.113.8/

### the package, without outlets: nothing runs
dpkg -i oobm.deb
for who in alice bob; do ssh-keygen -q -t ed25519 -N "" -f "$who"; done
oobm_relay init --host 203.0.113.9 --port 443 --user relay --accounts shared --name lab --host-keys alice.pub
oobm_relay add device tokyo
oobm_relay add console tokyo core-sw1 --path /dev/core-sw1
for who in alice bob; do oobm_relay add technician "$who" --key "$who.pub" --consoles core-sw1; done
oobm_relay keys --all
oobm_relay issue tokyo --out without.toml
oobm import without.toml
until_true sh -c "journalctl -u oobm-outlets | grep \"no outlets\""
not systemctl is-active oobm-power.socket oobm-power.service
oobm power | grep "no outlets are configured"

### an outlet and its password come by an import, and the program starts
sed -i "/^name = \"core-sw1\"/a outlets = [\"core-sw1-a\"]" fleet.toml
sed -i "/^name = \"alice\"/a power = [\"core-sw1\"]" fleet.toml
sed -i "0,/^\[\[technicians/s//[[devices.outlets]]\nname = \"core-sw1-a\"\nkind = \"tasmota\"\naddress = \"203.0.113.7\"\noff_time_s = 5\n\n&/" fleet.toml
oobm_relay issue tokyo --out oobm.toml
{ cat oobm.toml; secret wrong; } >wrong.toml
oobm import wrong.toml
until_true systemctl is-active oobm-power.socket
until_true systemctl is-active oobm-power.service
systemctl show -P Result oobm-outlets | grep -x success
not oobm power >said
grep "core-sw1-a .*unknown .*refuses the login" said

### another password is handed over by another import alone
handed() { cmp -s expected /run/credentials/oobm-power.service/power_core-sw1-a; }
printf "hush & rush" >expected
secret "hush & rush" >secret.toml
oobm import secret.toml
until_true handed
oobm power | grep "core-sw1-a .*on .*feeds core-sw1"
for account in oobm-console oobm-supervisor oobm-power nobody; do
  not runuser -u "$account" -- cat /run/oobm-outlets/secrets/core-sw1-a
  not runuser -u "$account" -- cat /etc/oobm/secrets/system.toml
done
not runuser -u oobm-supervisor -- cat /run/credentials/oobm-power.service/power_core-sw1-a
not grep -rF "hush & rush" /etc/oobm/device.toml
journalctl -u oobm-power -u oobm-outlets | not grep -F hush

### root switches it
oobm power off core-sw1-a --yes
plug | grep -x OFF
not oobm power on core-sw1-a 2>refusal
grep "once in 5 s" refusal
sleep 5
oobm power cycle core-sw1-a --yes | tee said
plug | grep -x ON
not runuser -u oobm-supervisor -- oobm power on core-sw1-a

### a technician switches it from the console, with a right of their own
systemctl restart oobm-console
until_true console alice power
console alice power | grep "core-sw1-a  on"
not console bob power off --yes 2>refusal
grep "you may not switch the power of core-sw1" refusal
console alice power off </dev/null || echo "exit $?" | tee said
grep exit said
plug | grep -x ON
sleep 5
console alice power cycle --yes | tee said
grep "core-sw1-a is off" said
grep "core-sw1-a is on" said
grep -cx "Power1 OFF" asked | grep -x 3
plug | grep -x ON
console alice log | grep "power"

### its program has a user of its own, no rights, its outlet's address, and no other
pid=$(systemctl show -P MainPID oobm-power)
grep -E "^Uid:.$(id -u oobm-power)\b" "/proc/$pid/status"
grep -x "NoNewPrivs:.1" "/proc/$pid/status"
grep -x "Seccomp:.2" "/proc/$pid/status"
grep -x "CapEff:.0000000000000000" "/proc/$pid/status"
stat -c "%U %a" /run/oobm-power.socket | grep -x "oobm-console 600"
systemctl show -P IPAddressAllow oobm-power | grep -x "203.0.113.7/32"
# The firewall is of its cgroup, of version 2 or within both.
in_its_place() { sh -c "for place in \$(find /sys/fs/cgroup -path '*/oobm-power.service/cgroup.procs'); do echo \$\$ >\$place; done; exec $*"; }
in_its_place curl -sS -m 3 -o /dev/null http://203.0.113.7/
not in_its_place curl -sS -m 3 -o /dev/null http://203.0.113.8/
not in_its_place curl -sS -m 3 -o /dev/null telnet://127.0.0.1:2222
curl -sS -m 3 -o /dev/null http://203.0.113.8/

### killed in the middle of a cycle, it switches on again
sleep 5
console alice power cycle --yes >said 2>&1 &
until_true grep -q OFF plug
systemctl kill -s KILL oobm-power
until_true grep -q ON plug
wait

### when nobody asks, it ends, and it is back with the next question
systemctl is-active oobm-power
TURNS=1000 until_true not systemctl is-active oobm-power
systemctl show -P Result oobm-power | grep -x success
systemctl is-active oobm-power.socket
oobm power | grep "core-sw1-a .*on "
systemctl is-active oobm-power

### without the outlet, nothing of it is left
oobm import without.toml
printf "[[outlets]]\nname = \"core-sw1-a\"\nremove = true\n" >gone.toml
if grep -q core-sw1-a /etc/oobm/device.toml; then oobm import gone.toml; fi
until_true not systemctl is-active oobm-power.socket
not systemctl is-active oobm-power.service
not test -e /run/oobm-power.socket
not ls /run/oobm-outlets/secrets/core-sw1-a
oobm power | grep "no outlets are configured"
test -z "$(systemctl --failed --no-legend --plain)"
