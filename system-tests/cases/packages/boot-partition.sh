#!/bin/sh
# oobm-provision on a Debian under its own systemd, enclosed as its unit has it: a start with a file on a boot partition that is
# read-only, the network that comes of it, a login on a wire, a wrong file and a later one. Steps for system-tests/steps.ts.
# shellcheck disable=SC2010,SC2034 # names without surprises; $turn counts
set -eu
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }

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
has() { ip -4 address show dev eth1 | grep -q "inet $1"; }
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
