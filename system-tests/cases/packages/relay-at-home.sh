#!/bin/sh
# A relay behind a home router, as docs/relay-at-home.md says: a reserved address, a forwarded port, and a name that follows the
# address of the line. Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086,SC2248 # $turn counts, $NET and $HOME_ROUTER are commands with their options
set -eu

NAME=relay.example.net
NET='ip netns exec net'
HOME_ROUTER='ip netns exec home'
# Somewhere on the internet, with the name servers of its own provider.
SITE='ip netns exec site'
until_true() { for turn in $(seq "${TURNS:-300}"); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
leads_to() { $SITE getent ahostsv4 $NAME | grep "^$1 "; }
answers() { $SITE ssh -F none -T -p 443 -o BatchMode=yes -o ConnectTimeout=5 -o UserKnownHostsFile=/root/known_hosts -i secrets/tokyo/relay_key "oobm-device@$NAME" x 2>&1 | grep "tokyo: the commands are"; }
line_is() { # ADDRESS: what the provider gives the home
  ip -n home addr flush dev wan
  ip -n home addr add "$1/24" dev wan
  ip -n home route replace default via 203.0.113.1
  ip -n net neigh flush dev home
}

### an internet with names, a home with a router, and a site somewhere else
for space in net home site; do ip netns add $space; ip -n $space link set lo up; done
ip link set lo up
ip link add wan netns home type veth peer name home netns net
ip link add eth0 type veth peer name lan netns home
ip link add eth0 netns site type veth peer name site netns net
for link in home site; do ip -n net link set $link up; done
ip -n net addr add 198.51.100.53/32 dev lo
ip -n net addr add 203.0.113.1/24 dev home
ip -n net addr add 192.0.2.1/24 dev site
ip -n site link set eth0 up
ip -n site addr add 192.0.2.7/24 dev eth0
ip -n site route add default via 192.0.2.1
$NET sysctl -qw net.ipv4.ip_forward=1
mkdir -p /etc/netns/site names
echo "nameserver 198.51.100.53" >/etc/netns/site/resolv.conf
systemd-run --quiet --unit=names $NET dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --no-resolv --no-hosts --hostsdir=/root/names --address=/dyn.example.net/198.51.100.53
# A provider of names: the update of dyndns2, and a page that says from where one asks.
cat >dyn.cjs <<'END'
const { writeFileSync } = require('node:fs')
require('node:http').createServer(({ url, headers, socket }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://dyn')
  if (pathname === '/ip') return response.end(socket.remoteAddress)
  if (headers.authorization !== `Basic ${btoa('carol:hush')}`) return response.end('badauth')
  const address = searchParams.get('myip') ?? socket.remoteAddress
  writeFileSync('/root/names/hosts', `${address} ${searchParams.get('hostname')}\n`)
  response.end(`good ${address}`)
}).listen(80, '198.51.100.53')
END
systemd-run --quiet --unit=dyn --working-directory=/root $NET node dyn.cjs
# The home router: NAT, addresses for its LAN, one of them reserved, and no port forwarded yet.
ip -n home link set wan up
ip -n home link set lan up
ip -n home addr add 192.168.1.1/24 dev lan
line_is 203.0.113.10
$HOME_ROUTER sysctl -qw net.ipv4.ip_forward=1
$HOME_ROUTER nft -f - <<'END'
table ip home {
  chain forwarded { type nat hook prerouting priority dstnat; }
  chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
  chain in { type filter hook forward priority filter; iifname "wan" ct status dnat accept; iifname "wan" ct state established,related accept; iifname "wan" drop; }
}
END
mac=$(cat /sys/class/net/eth0/address)
systemd-run --quiet --unit=lan $HOME_ROUTER dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --no-resolv --server=198.51.100.53 --interface=lan --bind-interfaces --dhcp-range=192.168.1.100,192.168.1.199 --dhcp-host="$mac,192.168.1.50" --dhcp-leasefile=/run/lan.leases
not answers

### the Pi has the reserved address, and names by the router
mkdir -p /etc/systemd/network
printf "[Match]\nName=eth0\n[Network]\nDHCP=yes\n" >/etc/systemd/network/50-lan.network
systemctl restart systemd-networkd
until_true sh -c "ip -4 addr show dev eth0 | grep -q 192.168.1.50"
echo "nameserver 192.168.1.1" >/etc/resolv.conf
until_true getent ahostsv4 dyn.example.net

### ddclient tells the provider of names the address of the line
cat >/etc/ddclient.conf <<'END'
usev4=webv4, webv4=http://dyn.example.net/ip
protocol=dyndns2, server=dyn.example.net, ssl=no
login=carol, password=hush
relay.example.net
END
chmod 600 /etc/ddclient.conf
# Debian's unit gives the interval by this file, and no `daemon=` of the other one counts: 300 s by default.
sed -i "s/^daemon_interval=.*/daemon_interval=60/" /etc/default/ddclient
systemctl enable --now ddclient
systemctl restart ddclient
TURNS=600 until_true leads_to 203.0.113.10

### the relay is set up, with its firewall, under its public name
dpkg -i oobm.deb
oobm-relay init --host $NAME --port 443 --accounts dedicated --name home --yes
oobm-relay add device tokyo
sed -i "s/^firewall = false/firewall = true/" fleet.toml
oobm-relay keys --all
oobm-relay apply --here
key=$(cut -d" " -f1,2 /etc/oobm/relay/ssh_host_ed25519_key.pub)
sed -i "s|^host_keys = .*|host_keys = [\"$key\"]|" fleet.toml
echo "[$NAME]:443 $key" >known_hosts
oobm-relay apply --here
systemctl is-active oobm-relay-sshd

### port 443 is forwarded: a device gets in from outside by the name, and nothing else does
$HOME_ROUTER nft add rule ip home forwarded iifname wan tcp dport 443 dnat to 192.168.1.50
until_true answers
not $SITE timeout 5 ssh-keyscan -T 3 -p 22 $NAME
$SITE ssh-keyscan -T 5 -p 443 $NAME 2>/dev/null | grep -F "$(cut -d" " -f2,3 known_hosts)"

### with the Pi as exposed host (DMZ) the relay’s firewall leaves port 443 and its own ssh open, and no other port
systemd-run --quiet --unit=other node -e "require('net').createServer(socket => socket.end('reached')).listen(8000)"
until_true curl -sS -m 2 --http0.9 http://127.0.0.1:8000/
$HOME_ROUTER nft add rule ip home forwarded iifname wan dnat to 192.168.1.50
until_true answers
not $SITE curl -sS -m 3 --http0.9 "http://$NAME:8000/"
$HOME_ROUTER nft flush chain ip home forwarded
$HOME_ROUTER nft add rule ip home forwarded iifname wan tcp dport 443 dnat to 192.168.1.50

### the line gets another address: the name follows, and the device gets in again
line_is 203.0.113.77
not answers
TURNS=1200 until_true leads_to 203.0.113.77
until_true answers

### [power cut] after a power cut all of it is back by itself
systemctl is-active oobm-relay-sshd
systemctl is-active ddclient
nft list table inet oobm
