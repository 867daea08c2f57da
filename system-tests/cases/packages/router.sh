#!/bin/sh
# A wired port that leads hosts out, by the units as systemd encloses them: a lease, names, NAT, what is refused, what comes back
# after a kill, and that nothing is left without the role. Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086,SC2248 # $turn counts, $HOST and $NET are commands with their options
set -eu

HERE=192.168.77.1
HOST='ip netns exec hosts'
NET='ip netns exec net'
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
oobm_relay() { node program/oobm-relay.cjs "$@"; }
goes_out() { $HOST curl -sS -m 4 http://www.example.net/ | grep "you are 198.51.100.2"; }
# Not a time that is over (28).
refused() { code=0; $HOST curl -sS -m 4 http://203.0.113.9/ || code=$?; test "$code" = 7; }

### a host is plugged in at one end, and an internet with a name server is at the other
for space in hosts net; do ip netns add $space; ip -n $space link set lo up; done
ip link set lo up
ip link add wire0 type veth peer name eth0 netns hosts
ip link add up0 type veth peer name eth0 netns net
ip -n hosts link set eth0 up
ip -n net link set eth0 up
ip -n net addr add 198.51.100.1/24 dev eth0
ip -n net addr add 203.0.113.9/32 dev lo
cat >server.cjs <<'END'
require('node:http').createServer(({ socket }, response) => response.end(`you are ${socket.remoteAddress}\n`)).listen(80, '203.0.113.9')
END
systemd-run --quiet --unit=internet --working-directory=/root $NET node server.cjs
systemd-run --quiet --unit=names $NET dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --pid-file= --user=root --address=/www.example.net/203.0.113.9
# What udhcpc runs with what it was given.
cat >take <<'END'
#!/bin/sh
case $1 in bound | renew)
  ip addr flush dev "$interface"
  ip addr add "$ip/$mask" dev "$interface"
  ip route replace default via "$router"
  echo "nameserver $dns" >/etc/netns/hosts/resolv.conf
esac
END
chmod +x take
mkdir -p /etc/netns/hosts
: >/etc/netns/hosts/resolv.conf

### a card gives the port its role, and both programs run
dpkg -i oobm.deb
ssh-keygen -q -t ed25519 -N "" -f alice
oobm_relay init --host 203.0.113.8 --port 443 --user relay --accounts shared --name lab --host-keys alice.pub
oobm_relay add device tokyo
oobm_relay add technician alice --key alice.pub --shells tokyo
oobm_relay keys --all
oobm_relay issue tokyo --out oobm.toml
mkdir -p /boot/firmware
{ cat oobm.toml; cat <<END; } >/boot/firmware/oobm.toml
[led]
backend = "none"
[[interfaces]]
name = "up0"
addresses = ["198.51.100.2/24"]
gateways = ["198.51.100.1"]
dns = ["198.51.100.1"]
[[interfaces]]
name = "wire0"
role = "router"
address = "$HERE/24"
END
systemctl start oobm-provision
not ls /boot/firmware/oobm-error.txt
systemctl start systemd-networkd
systemctl restart oobm-supervisor
until_true systemctl is-active "oobm-local@$HERE.target"
until_true systemctl is-active "oobm-router@$HERE"
until_true systemctl is-active "oobm-dhcp@$HERE"
nft list table inet oobm_router_192_168_77_1

### each has a user of its own, and what it needs
enclosed() { # UNIT USER CAPABILITIES
  pid=$(systemctl show -P MainPID "$1@$HERE")
  grep -E "^Uid:.$(id -u "$2")\b" "/proc/$pid/status"
  grep -x "NoNewPrivs:.1" "/proc/$pid/status"
  grep -x "Seccomp:.2" "/proc/$pid/status"
  grep -x "CapEff:.$3" "/proc/$pid/status"
  not nsenter --mount --target "$pid" touch /usr/x
}
enclosed oobm-router oobm-router 0000000000001000
enclosed oobm-dhcp oobm-dhcp 0000000000003400

### a host gets an address, names and the way out
$HOST busybox udhcpc -i eth0 -n -q -t 20 -T 1 -s /root/take
ip -n hosts -4 addr show dev eth0 | grep "inet 192.168.77\."
grep -x "nameserver $HERE" /etc/netns/hosts/resolv.conf
until_true goes_out
until_true sh -c "oobm status | grep \"router  *wire0 $HERE, hosts go out by up0\""
until_true sh -c "oobm status | grep \"1 leases\\? of \""
oobm doctor | grep -i router

### nobody comes in from outside, and hosts reach no other address of the board
host=$(ip -n hosts -4 -o addr show dev eth0 | sed "s/.*inet \(.*\)\/.*/\1/")
systemd-run --quiet --unit=on-host $HOST node -e "require('net').createServer(s => s.end('reached')).listen(8000)"
ip -n net route add 192.168.77.0/24 via 198.51.100.2
until_true sh -c "curl -sS -m 2 --http0.9 http://$host:8000/ | grep reached"
not $NET curl -sS -m 3 --http0.9 http://$host:8000/
not $NET curl -sS -m 3 http://$HERE:22/
ss -lntuH | grep -E ":(53|67)\b" | not grep 198.51.100.2
mkdir -p /run/sshd
systemctl start ssh
$HOST ssh-keyscan -T 5 $HERE 2>&1 | grep ssh-ed25519
not $HOST curl -sS -m 3 --http0.9 http://198.51.100.2:22/

### without an uplink hosts are told so at once, and it is back with the uplink
ip link set up0 down
until_true refused
ip link set up0 up
until_true goes_out

### killed or flushed, the way is back
before=$(systemctl show -P MainPID "oobm-router@$HERE")
systemctl kill -s KILL "oobm-router@$HERE"
anew() { now=$(systemctl show -P MainPID "oobm-router@$HERE"); test "$now" != "$before" && test "$now" != 0; }
until_true anew
until_true systemctl is-active "oobm-dhcp@$HERE"
until_true goes_out
nft flush ruleset
until_true goes_out
$HOST busybox udhcpc -i eth0 -n -q -t 20 -T 1 -s /root/take

### the role is taken away: no rule, no route, no program, no forwarding is left
printf "[[interfaces]]\nname = \"wire0\"\nrole = \"client\"\n" >client.toml
oobm import client.toml
systemctl restart oobm-provision
systemctl reload systemd-networkd
# What cleans up after it has ended, too.
until_true sh -c "systemctl is-active oobm-router@$HERE | grep -x inactive"
until_true not systemctl is-active "oobm-dhcp@$HERE"
until_true sh -c "! ip -4 addr show dev wire0 | grep -q $HERE"
nft list tables | not grep oobm_router
ip rule | not grep -vE "lookup (local|main|default)"
for name in wire0 up0; do grep -x 0 "/proc/sys/net/ipv4/conf/$name/forwarding"; done
tc qdisc show | not grep -E "htb|ingress|clsact"
ss -lntuH | not grep -E ":(53|67)\b"
not $HOST curl -sS -m 3 http://203.0.113.9/
oobm status | not grep "^router"
test -z "$(systemctl --failed --no-legend --plain)"
