#!/bin/sh
# The hotspot under systemd: its unit with all that encloses it, who may ask for it, and what is left when it ends. There is no radio
# here: wlan0 is a cable, and stand-ins say what wpa_supplicant would. Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086,SC2248 # $turn counts, $LAPTOP is a command with its options
set -eu

HERE=192.168.76.1
LAPTOP='ip netns exec laptop'
unit=oobm-hotspot@wlan0
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
oobm_relay() { node program/oobm-relay.cjs "$@"; }
has_address() { ip -4 -o address show dev wlan0 | grep -q $HERE; }
is_client() { systemctl is-active oobm-wpa@wlan0 && not systemctl is-active $unit && not has_address && not systemctl is-active oobm-local@$HERE.target; }

### a board with one radio, which is a client
ip netns add laptop
ip -n laptop link set lo up
ip link set lo up
ip link add wlan0 type veth peer name air0 netns laptop
ip -n laptop link set air0 up
mkdir -p /usr/local/fake/class/net/wlan0/phy80211 /run/systemd/system/oobm-wifi-radio@.service.d
printf "#!/bin/sh\nexec sleep infinity\n" >/usr/sbin/wpa_supplicant
printf "#!/bin/sh\ncase \"\$*\" in\n*status) echo mode=AP; echo wpa_state=COMPLETED ;;\n*all_sta) cat /run/stations 2>/dev/null || : ;;\nesac\n" >/usr/sbin/wpa_cli
chmod 755 /usr/sbin/wpa_supplicant /usr/sbin/wpa_cli
dpkg -i oobm.deb
# Without udev, which a container does not run, there is no device unit to wait for, and no radio in /sys.
for name in oobm-hotspot@ oobm-wpa@; do
  sed "/BindsTo=/d; s/sys-subsystem-net-devices-%i.device //" /usr/lib/systemd/system/$name.service >/run/systemd/system/$name.service
done
printf "[Service]\nEnvironment=OOBM_SYSFS=/usr/local/fake\n" >/run/systemd/system/oobm-wifi-radio@.service.d/test.conf
systemctl daemon-reload
ssh-keygen -q -t ed25519 -N "" -f alice
oobm_relay init --host 203.0.113.9 --port 443 --user relay --accounts shared --name lab --host-keys alice.pub
oobm_relay add device tokyo
oobm_relay add technician alice --key alice.pub --shells tokyo
oobm_relay keys --all
oobm_relay issue tokyo --out oobm.toml
mkdir -p /boot/firmware
{ cat oobm.toml; printf "[led]\nbackend = \"none\"\n[system]\ncountry = \"JP\"\n[[wifi]]\nssid = \"Office\"\npassphrase = \"of the office\"\n[hotspot]\nenabled = true\npassphrase = \"of the hotspot\"\n"; } >/boot/firmware/oobm.toml
systemctl start oobm-provision
not ls /boot/firmware/oobm-error.txt
systemctl start systemd-networkd
systemctl restart oobm-supervisor
systemctl start oobm-wpa@wlan0
stat -c "%a %U" /run/oobm-provision/hotspot-wlan0.wpa | grep -x "600 root"
not grep -r "of the hotspot" /run/oobm-provision /etc/oobm/device.toml
until_true sh -c "oobm hotspot | grep 'off; \"oobm-tokyo\" by wlan0'"
oobm hotspot | grep "starts in .* if no way out is proved until then"

### a person switches it on: a laptop gets an address, the page and sshd
oobm hotspot on --yes | tee said | grep "on, \"oobm-tokyo\" by wlan0, this board is $HERE there"
systemctl is-active $unit
not systemctl is-active oobm-wpa@wlan0
printf "#!/bin/sh\n[ \"\$1\" != bound ] || { env >/run/lease; ip address replace \$ip/24 dev \$interface; }\n" >on-lease
chmod 755 on-lease
$LAPTOP busybox udhcpc -i air0 -s ./on-lease -q -n -t 10 -T 3
grep -E "^ip=192\.168\.76\." /run/lease
not grep -E "^(router|dns)=" /run/lease
until_true systemctl is-active "oobm-local@$HERE.target"
until_true systemctl is-active "oobm-page@$HERE.socket"
$LAPTOP curl -sS -m 30 "http://$HERE/en" | tee said | grep tokyo
grep "Wi-Fi of the device" said
systemctl start ssh
$LAPTOP ssh-keyscan -T 20 $HERE | grep ssh-ed25519

### the state and the programs say it
until_true sh -c "oobm status --state | grep -x hotspot"
printf "02:00:00:00:02:00\nflags=[AUTH][ASSOC][AUTHORIZED]\n" >/run/stations
until_true sh -c "oobm hotspot | grep '1 device is on it'"
oobm status | grep -E "^  hotspot +on, "
oobm status --json | grep -F '"isOn":true'
OOBM_SYSFS=/usr/local/fake oobm doctor >said || :
grep -E "hotspot +\"oobm-tokyo\" is on, $HERE; devices on it: 1" said
rm /run/stations

### a person ends it: the radio is a client again
oobm hotspot off | grep "off; \"oobm-tokyo\" by wlan0"
until_true is_client
not ls /run/systemd/network/40-oobm-hotspot-wlan0.network

### a technician may not ask for it, and a system upgrade on trial forbids it to everybody
runuser -u oobm -- sh -c 'echo on >/run/oobm/request/hotspot'
until_true sh -c "journalctl -u oobm-supervisor | grep '\"request\":\"hotspot\"'"
sleep 5
not systemctl is-active $unit
runuser -u oobm -- sh -c 'oobm hotspot on --yes' >said 2>&1 || code=$?
[ "$code" = 64 ]
grep "only an administrator switches the hotspot" said
mkdir -p /run/oobm-appliance && echo 1 >/run/oobm-appliance/trial
oobm hotspot on --yes >said 2>&1 || code=$?
[ "$code" = 1 ]
grep "the hotspot stays off: a system upgrade is on trial" said
not systemctl is-active $unit
rm /run/oobm-appliance/trial

### killed with all its processes it leaves nothing, and the radio is a client
sleep 20
oobm hotspot on --yes
systemctl kill -s KILL $unit
until_true is_client

### nobody comes: it ends by itself, and without a way out it starts by itself after five minutes
mkdir -p /run/systemd/system/$unit.service.d
printf "[Service]\nEnvironment=OOBM_HOTSPOT_EMPTY_S=20\n" >/run/systemd/system/$unit.service.d/test.conf
systemctl daemon-reload
for turn in $(seq 400); do if systemctl -q is-active $unit; then break; fi; sleep 1; done
systemctl is-active $unit
journalctl -u oobm-supervisor | grep '"byItself":true'
journalctl -u $unit -n 5
for turn in $(seq 60); do if is_client >/dev/null; then break; fi; sleep 1; done
is_client
journalctl -u $unit | grep "nobody is on the hotspot: the radio looks for its networks"

### settings without it: there is none
printf "[hotspot]\nenabled = false\n" >more.toml
oobm import --yes more.toml || oobm import more.toml
systemctl restart oobm-provision
not ls /run/oobm-provision/hotspot-wlan0.wpa
oobm hotspot on --yes >said 2>&1 || code=$?
[ "$code" = 69 ]
grep "the settings of this device have no hotspot" said

### the package goes, and takes a hotspot with it
printf "[hotspot]\nenabled = true\n" >more.toml
oobm import --yes more.toml || oobm import more.toml
systemctl restart oobm-provision
until_true oobm hotspot
sleep 20
oobm hotspot on --yes
dpkg --purge oobm-device
not has_address
not ls /run/systemd/network/40-oobm-hotspot-wlan0.network
not systemctl is-active $unit oobm-wpa@wlan0
