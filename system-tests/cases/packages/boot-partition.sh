#!/bin/sh
# oobm-provision on a Debian under its own systemd, enclosed as its unit has it: a start with a file on a boot partition that is
# read-only, the network that comes of it, a login on a wire, a wrong file and a later one. Steps for system-tests/steps.ts.
# shellcheck disable=SC2010,SC2034 # names without surprises; $turn counts
set -eu
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
# Of the interface that may have a fallback address.
has() { ip -4 address show dev eth1 | grep -q "inet $1"; }
target=oobm-local@192.168.77.1.target
hello=oobm-hello@192.168.77.1
is() { for turn in $(seq 300); do if [ "$(systemctl is-active "$1")" = "$2" ]; then return 0; fi; sleep 0.2; done; return 1; }

### the package is there, and starts it at boot
dpkg -i oobm.deb
systemctl enable oobm-provision systemd-networkd

### [power cut] the file is taken over before anything reads it, and leaves the boot partition
systemctl is-active oobm-provision oobm-supervisor oobm-console
ls /boot/firmware | grep -x oobm-imported.txt
test ! -e /boot/firmware/oobm.toml
test "$(hostname)" = tokyo-rack1
test "$(hostnamectl hostname)" = tokyo-rack1
test "$(date +%Z)" = JST
sudo -n true
test "$(stat -c %a /etc/oobm/secrets/system.toml)" = 600
grep -q alice /etc/oobm/admin_authorized_keys
id -u alice | grep -x 20000
test "$(systemctl show -P ExecMainExitTimestampMonotonic oobm-people)" -lt "$(systemctl show -P ExecMainStartTimestampMonotonic ssh)"
ssh-keygen -lf /etc/oobm/secrets/shell/host_key
not grep -rq "PRIVATE KEY" /boot/firmware

### an interface that comes has the address that the file gives it
ip link add eth0 type veth peer name far
ip link set far up
for turn in $(seq 100); do if ip route | grep -q "default via 192.0.2.1"; then break; fi; sleep 0.2; done
ip -4 addr show eth0 | grep "inet 192.0.2.10/24"
ip route | grep "default via 192.0.2.1 dev eth0"
networkctl status eth0 | grep 50-oobm-eth0.network

### it logs in on the wire, as enclosed as its unit is
# Without udev, which a container does not run, there is no device unit to wait for.
mkdir -p /run/systemd/system/oobm-wpa@.service.d
sed "/BindsTo=/d; s/^After=.*/After=oobm-provision.service/" /usr/lib/systemd/system/oobm-wpa@.service >/run/systemd/system/oobm-wpa@.service
systemctl daemon-reload
systemctl start oobm-wpa@eth0 oobm-wpa@far
for turn in $(seq 50); do if timeout 5 wpa_cli -i eth0 status | grep -q "EAP state="; then break; fi; sleep 0.2; done
timeout 5 wpa_cli -i eth0 status | grep "key_mgmt=IEEE 802.1X"
systemctl is-active oobm-wpa@eth0
not systemctl is-active oobm-wpa@far

### a wrong file on a read-only partition: the error is on it, in the journal and in the status; the unit does not fail
mount -t tmpfs none /boot/firmware
printf "listener_port = 0\r\n" >/boot/firmware/oobm.toml
mount -o remount,ro /boot/firmware
systemctl restart oobm-provision oobm-supervisor
grep "line 1, listener_port" /boot/firmware/oobm-error.txt /run/oobm-provision/fault
findmnt -no OPTIONS /boot/firmware | grep "^ro"
for turn in $(seq 100); do if oobm status | grep -q unconfigured; then break; fi; sleep 0.2; done
oobm status | grep "line 1, listener_port"
oobm doctor | grep "boot partition.*line 1"
journalctl -u oobm-provision | grep "line 1, listener_port"
test -z "$(systemctl --failed --no-legend --plain)"

### a later file, and all is well again
mount -o remount,rw /boot/firmware
printf "[system]\nhostname = \"later\"\n" >/boot/firmware/oobm.toml
mount -o remount,ro /boot/firmware
systemctl restart oobm-provision oobm-supervisor
test "$(hostname)" = later
test "$(ls /boot/firmware)" = oobm-imported.txt
test ! -e /run/oobm-provision/fault
oobm status >said || true
not grep -q unconfigured said

### an interface has its fallback address while it has no lease, kept by a program as enclosed as its unit is
printf "[[interfaces]]\nname = \"eth1\"\nfallback = \"192.168.77.1/24\"\n" >fallback.toml
oobm import fallback.toml
ip link add eth1 type veth peer name far1
ip link set far1 up
systemctl restart oobm-provision
systemctl reload systemd-networkd
for turn in $(seq 100); do if has 192.168.77.1/24; then break; fi; sleep 0.2; done
mkdir -p /run/systemd/system
sed "/BindsTo=/d; s/^After=.*/After=oobm-provision.service/" /usr/lib/systemd/system/oobm-fallback@.service >/run/systemd/system/oobm-fallback@.service
systemctl daemon-reload
systemctl start oobm-fallback@eth1 oobm-fallback@far1
not systemctl is-active oobm-fallback@far1
ip address del 192.168.77.1/24 dev eth1
for turn in $(seq 150); do if has 192.168.77.1/24; then break; fi; sleep 0.2; done
journalctl -u oobm-fallback@eth1 | grep "eth1 has no lease: 192.168.77.1/24 is set"
journalctl -u oobm-fallback@eth1 >said
not grep -E "arping:|does not say" said
oobm doctor | grep "fallback address eth1.*no lease"
printf "[Match]\nName=far1\n[Network]\nAddress=10.9.0.1/24\nDHCPServer=yes\n" >/run/systemd/network/10-far1.network
systemctl reload systemd-networkd
# A cable that comes asks at once; after many questions without an answer, networkd asks once a minute.
ip link set far1 down
sleep 1
ip link set far1 up
for turn in $(seq 300); do if has 10.9.0. && not has 192.168.77.1; then break; fi; sleep 0.2; done
oobm doctor | grep "fallback address eth1.*is away: there is 10.9.0."
systemctl is-active oobm-fallback@eth1

### what serves people beside the board runs while its address is local, and ends with it
cat >/run/systemd/system/oobm-hello@.service <<END
[Unit]
PartOf=oobm-local@%i.target
After=oobm-local@%i.target
[Service]
ExecStart=/usr/bin/node -e "require('net').createServer(s => s.pipe(s)).listen(8080, '%i')"
END
mkdir /run/systemd/system/oobm-local@.target.wants
ln -s ../oobm-hello@.service /run/systemd/system/oobm-local@.target.wants/
systemctl daemon-reload
systemctl is-active oobm-sides
not systemctl is-active "$target"
grep "\"interface\":\"eth1\",\"address\":\"10.9.0.[0-9]*\",\"prefixLength\":24,\"side\":\"uplink\"" /run/oobm-sides/sides.json
# No server any more.
printf "[Match]\nName=far1\n[Network]\nAddress=10.9.0.1/24\n" >/run/systemd/network/10-far1.network
systemctl reload systemd-networkd
ip link set far1 down
for turn in $(seq 100); do if ! ip -4 address show dev eth1 | grep -q "inet "; then break; fi; sleep 0.2; done
ip link set far1 up
is "$target" active
is "$hello" active
for turn in $(seq 50); do if ss -Htln | grep -q "192.168.77.1:8080"; then break; fi; sleep 0.2; done
ss -Htln | grep "192.168.77.1:8080"
oobm doctor >said || true
grep "listens on 192.168.77.1.*eth1, local (the fallback address, and eth1 has no lease): .*hello :8080" said
grep "listens on 127.0.0.1.*through the tunnel: .*console bridge :2222" said

### a program that is killed leaves nothing open, and a target that somebody starts does not stay
before=$(systemctl show -P MainPID "$hello")
systemctl kill -s KILL oobm-sides
for turn in $(seq 150); do if now=$(systemctl show -P MainPID "$hello") && [ "$now" != "$before" ] && [ "$now" != 0 ]; then break; fi; sleep 0.2; done
test "$now" != "$before"
is "$hello" active
systemctl stop oobm-sides
not systemctl is-active "$target" "$hello"
test -z "$(ss -Htln sport = :8080)"
test ! -e /run/oobm-sides/sides.json
systemctl start oobm-sides
is "$hello" active
systemctl restart oobm-sides
is "$hello" active
systemctl start oobm-local@192.0.2.10.target
is oobm-local@192.0.2.10.target inactive

### a lease in the middle of a connection ends the service and the connection
node -e "const s = require('net').connect(8080, '192.168.77.1', () => console.log('open')); s.on('error', () => {}).on('close', () => console.log('closed'))" >client &
for turn in $(seq 50); do if grep -q open client; then break; fi; sleep 0.2; done
grep open client
printf "[Match]\nName=far1\n[Network]\nAddress=10.9.0.1/24\nDHCPServer=yes\n" >/run/systemd/network/10-far1.network
systemctl reload systemd-networkd
ip link set far1 down
sleep 1
ip link set far1 up
for turn in $(seq 300); do if has 10.9.0.; then break; fi; sleep 0.2; done
is "$target" inactive
is "$hello" inactive
for turn in $(seq 50); do if grep -q closed client; then break; fi; sleep 0.2; done
grep closed client

### sshd is closed on the uplink side where another way in is there, or somebody says so
printf "[shell]\nssh_on_uplink = false\n" >closed.toml
not oobm import closed.toml 2>said
grep "the tunnel is not proved.*nobody could log in. Nothing was changed" said
not grep -q . /etc/oobm/ssh_closed_on_uplinks
oobm import --yes closed.toml
for turn in $(seq 100); do if nft list table inet oobm_sides 2>&1 | grep -q "tcp dport 22"; then break; fi; sleep 0.2; done
nft list table inet oobm_sides | grep "tcp dport 22 .*reject"
ip netns add beside
ip link add eth9 type veth peer name beside0 netns beside
ip address add 10.99.0.1/24 dev eth9
ip link set eth9 up
ip -n beside link set beside0 up
ip -n beside address add 10.99.0.2/24 dev beside0
reached() { ip netns exec beside timeout 3 node -e "require('net').connect(22, '10.99.0.1').on('data', d => { console.log(String(d)); process.exit() }).on('error', e => { console.log(e.code); process.exit(1) })"; }
reached | grep ECONNREFUSED
oobm doctor >said || true
grep "listens on 10.99.0.1.*eth9, uplink.*sshd :22 (closed: ssh_on_uplink)" said
ssh-keyscan -T 5 127.0.0.1 2>&1 | grep ssh-ed25519
printf "[shell]\nssh_on_uplink = true\n" >open.toml
oobm import open.toml
for turn in $(seq 100); do if reached >said; then break; fi; sleep 0.2; done
grep SSH-2.0 said
ip netns del beside
test -z "$(systemctl --failed --no-legend --plain)"
