#!/bin/sh
# The page for field staff, and the consoles for those beside the board, under systemd: who gets them, and that their ports close
# with their address.
# Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086,SC2248 # $turn counts, $PHONE is a command with its options
set -eu

HERE=192.168.77.1
PHONE='ip netns exec phone'
page=oobm-page@$HERE
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
oobm_relay() { node program/oobm-relay.cjs "$@"; }
listens() { ss -Htln src $HERE | grep -E ":80\b"; }
get() { $PHONE curl -sS -m 20 "$@"; }
code_of() { get -o /dev/null -w "%{http_code}\n" "$@"; }
console() { $PHONE ssh -F rendered/technicians/alice/config -o BatchMode=yes -o ConnectTimeout=10 -o ProxyCommand=none -o HostName=$1 -o Port=2222 core-sw1 list; }
settled() { systemctl restart oobm-provision && systemctl reload systemd-networkd; }

### a phone is plugged in, at a port without a lease
# It ends after twenty seconds without a look here, in place of two minutes.
mkdir -p /run/systemd/system/oobm-page@.service.d
printf "[Service]\nEnvironment=OOBM_PAGE_IDLE_MS=20000\n" >/run/systemd/system/oobm-page@.service.d/test.conf
ip netns add phone
ip -n phone link set lo up
ip link set lo up
ip link add wire0 type veth peer name eth0 netns phone
ip -n phone addr add 192.168.77.2/24 dev eth0
ip -n phone link set eth0 up
dpkg -i oobm.deb
ssh-keygen -q -t ed25519 -N "" -f alice
oobm_relay init --host 203.0.113.9 --port 443 --user relay --accounts shared --name lab --host-keys alice.pub
oobm_relay add device tokyo
oobm_relay add console tokyo core-sw1 --path /dev/core-sw1
oobm_relay add technician alice --key alice.pub --consoles core-sw1
oobm_relay keys --all
oobm_relay issue tokyo --out oobm.toml
oobm_relay render --out rendered --identity $PWD/alice --known-hosts $PWD/rendered/technicians/alice/known_hosts
mkdir -p /boot/firmware
{ cat oobm.toml; printf "[led]\nbackend = \"none\"\n[[interfaces]]\nname = \"wire0\"\nrole = \"client\"\nfallback = \"%s/24\"\n" $HERE; } >/boot/firmware/oobm.toml
systemctl start oobm-provision
not ls /boot/firmware/oobm-error.txt
systemctl start systemd-networkd
systemctl restart oobm-supervisor oobm-console
until_true systemctl is-active "oobm-local@$HERE.target"
until_true systemctl is-active "$page.socket"
listens
not systemctl is-active "$page.service"

### it shows the state that is, to those who ask for this host
until_true sh -c "oobm status | grep -E \"^no-(relay|link)\""
get http://$HERE/en | tee said | grep "tokyo"
grep -E "<title>tokyo: no-(relay|link)" said
not grep -E "PRIVATE|alice" said
get http://$HERE/ja | grep 'lang="ja"'
systemctl is-active "$page.service"
code_of http://$HERE/ | grep -x 200
code_of -H "Host: $(hostname).local" http://$HERE/ | grep -x 200
code_of -H "Host: evil.example" http://$HERE/ | grep -x 421
code_of -X POST -d x http://$HERE/ | grep -x 405
code_of http://$HERE/etc/passwd | grep -x 404

### a console opens there with the key and the host key of the way through the relay, and no shell does
until_true console $HERE
console $HERE | grep core-sw1
systemctl is-active "oobm-console@$HERE.service"
pid=$(systemctl show -P MainPID "oobm-console@$HERE.service")
not grep -E "^Uid:.0\b" "/proc/$pid/status"
grep -x "CapEff:.0000000000000000" "/proc/$pid/status"
not $PHONE ssh -i alice -o BatchMode=yes -o StrictHostKeyChecking=no alice@$HERE true

### its program has no rights, and reaches nobody
pid=$(systemctl show -P MainPID "$page.service")
not grep -E "^Uid:.0\b" "/proc/$pid/status"
grep -x "NoNewPrivs:.1" "/proc/$pid/status"
grep -x "Seccomp:.2" "/proc/$pid/status"
grep -x "CapEff:.0000000000000000" "/proc/$pid/status"
not nsenter --mount --target "$pid" ls /etc/oobm/secrets/relay
not nsenter --mount --target "$pid" touch /usr/x

### a supervisor that does not answer is said, and nothing that it said before is shown
systemctl stop oobm-supervisor
get http://$HERE/en | tee said | not grep -E "no-(relay|link)"
grep -i "does not\|not known\|unknown" said
systemctl start oobm-supervisor

### when nobody looks it ends, and it is back with the next look
until_true not systemctl is-active "$page.service"
systemctl show -P Result "$page.service" | grep -x success
code_of http://$HERE/ | grep -x 200

### a lease arrives: the port is closed
ip -n phone addr add 10.9.0.1/24 dev eth0
systemd-run --quiet --unit=server $PHONE dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --port=0 --interface=eth0 --dhcp-range=10.9.0.100,10.9.0.199 --dhcp-leasefile=/run/leases --dhcp-authoritative
ip link set wire0 down
sleep 1
ip link set wire0 up
until_true sh -c "ip -4 addr show dev wire0 | grep -q 10.9.0."
until_true not systemctl is-active "$page.socket" "$page.service"
ss -Htln | not grep -E ":80\b"
lease=$(ip -4 -o addr show dev wire0 | sed -n "s/.*inet \(10.9.0.[0-9]*\).*/\1/p")
not get http://$lease/
not get http://$HERE/
ss -Htln | grep -v 127.0.0.1 | not grep -E ":2222\b"
not console $HERE
not console $lease

### the lease is gone: it is back
systemctl stop server
networkctl renew wire0 || :
ip link set wire0 down
sleep 1
ip link set wire0 up
until_true systemctl is-active "$page.socket"
until_true sh -c "$PHONE curl -sS -m 4 -o /dev/null http://$HERE/"
until_true console $HERE

### switched off in the configuration, it says so at once, and its port closes at the next start
printf "[page]\nenabled = false\n" >off.toml
oobm import off.toml
code_of http://$HERE/ | grep -x 404
get http://$HERE/ | grep "switched off"
settled
systemctl restart oobm-sides
until_true systemctl is-active "oobm-local@$HERE.target"
until_true not listens
not systemctl is-active "$page.socket"
not get http://$HERE/
test -z "$(systemctl --failed --no-legend --plain)"
