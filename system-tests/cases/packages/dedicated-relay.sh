#!/bin/sh
# The dedicated relay on a Debian under its own systemd, from the package's installation to its purge. Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2046,SC2086,SC2248,SC1112 # $SSH is a command with its options, $turn counts
set -eu

SSH='ssh -F none -T -p 443 -o BatchMode=yes -o ConnectTimeout=15 -o UserKnownHostsFile=/root/known_hosts'
# The end of another machine's wire, of an address that no one exempts.
OUTSIDE="ip netns exec outside $SSH"
IN=203.0.113.1
answers() { $1 -i secrets/tokyo/relay_key "oobm-device@$2" x 2>&1 | grep 'tokyo: the commands are'; }
fails() { for turn in $(seq "$1"); do ! $OUTSIDE -i bob alice@$IN x 2>/dev/null || return 1; done; }
lives() { echo x | $SSH -i alice -W 127.0.0.1:20101 alice@127.0.0.1 | grep -a SSH-2.0; }
until_true() { for turn in $(seq 100); do if "$@"; then return; fi; sleep 0.2; done; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
main_pid() { systemctl show -P MainPID oobm-relay-sshd; }

### the package installs
dpkg -i oobm.deb; dpkg -P --dry-run oobm-relay; getent passwd >accounts

### a small fleet is applied, and its unit started
oobm-relay init --host 127.0.0.1 --accounts dedicated --name lab --yes
oobm-relay add device tokyo
oobm-relay add device osaka
oobm-relay add console tokyo sw1 --path /dev/ttyUSB0
for who in alice bob; do ssh-keygen -q -t ed25519 -N "" -f $who; done
oobm-relay add technician alice --key alice.pub --consoles sw1
oobm-relay add technician bob --key bob.pub --shells osaka
sed -i "s/^firewall = false/firewall = true/" fleet.toml
oobm-relay keys --all
oobm-relay apply --here
key=$(cut -d" " -f1,2 /etc/oobm/relay/ssh_host_ed25519_key.pub)
sed -i "s|^host_keys = .*|host_keys = [\"$key\"]|" fleet.toml
printf "[127.0.0.1]:443 %s\n[203.0.113.1]:443 %s\n" "$key" "$key" >known_hosts
systemctl is-enabled oobm-relay-sshd
systemctl is-active oobm-relay-sshd ssh
oobm-relay apply --here | grep "change fleet.toml"
oobm-relay apply --here | grep "nothing to change"
oobm-relay check --here

### its sshd penalizes, and private networks are exempt
sshd -T -f /etc/oobm/relay/sshd_config >settings
grep "^persourcepenalties .* authfail:1 noauth:1 grace-exceeded:5 .* max:60" settings
grep "^persourcepenaltyexemptlist 127.0.0.0/8," settings

### an address that fails too often is refused, unless it is exempt
ip netns add outside
ip link add wire0 type veth peer name wire1 netns outside
ip addr add $IN/24 dev wire0
ip link set wire0 up
ip -n outside addr add 203.0.113.2/24 dev wire1
ip -n outside link set wire1 up
fails 10
answers "$OUTSIDE" $IN
fails 30
not answers "$OUTSIDE" $IN
sed -i "s|^firewall = .*|&\nexempt_networks = [\"203.0.113.0/24\"]|" fleet.toml
oobm-relay apply --here
fails 30
answers "$OUTSIDE" $IN

### a tunnel lives through a reload, a restart and the death of sshd
$SSH -N -o ExitOnForwardFailure=yes -R 127.0.0.1:20101:127.0.0.1:22 -i secrets/tokyo/relay_key oobm-device@127.0.0.1 &
until_true lives
before=$(main_pid)
sed -i "s|^exempt_networks = .*|exempt_networks = [\"203.0.113.0/24\", \"198.51.100.0/24\"]|" fleet.toml
oobm-relay apply --here
test "$before" = "$(main_pid)"
lives
systemctl restart oobm-relay-sshd
until_true lives
before=$(main_pid)
kill -KILL "$before"
until_true lives
test "$before" != "$(main_pid)"
kill $!

### a device claims, and evicts its older connection
token=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
login="-i secrets/osaka/relay_key oobm-device@127.0.0.1"
sleep 600 | $SSH $login "claim $token" >old 2>&1 &
until_true grep claimed old
$SSH -M -S /root/control -N -f $login
sleep 600 | ssh -S /root/control x "claim $token" >new 2>&1 &
until_true grep claimed new
grep sshd-session /var/lib/oobm/devices/osaka/sessions
ssh -S /root/control x evict | grep "evicted 1"
until_true grep "closed by remote host" old
oobm-relay off osaka --reason "a reboot"

### [power cut] after a reboot it serves, with its firewall and what was switched
systemctl is-active oobm-relay-sshd
nft list table inet oobm
oobm-relay check --here
answers "$SSH" 127.0.0.1
$SSH -i secrets/osaka/relay_key oobm-device@127.0.0.1 "claim bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" </dev/null | grep "maintenance off"

### a removal stops it, an installation starts it
dpkg -r oobm-relay
not systemctl is-active oobm-relay-sshd
dpkg -i oobm.deb
systemctl is-active oobm-relay-sshd

### a purge leaves no trace, and the host’s own sshd alone
dpkg -P oobm-relay
not systemctl cat oobm-relay-sshd
not ls -d /etc/oobm /var/lib/oobm* /usr/lib/oobm* /etc/systemd/system/*oobm* /etc/systemd/system/*/*oobm* 2>/dev/null
test "$(nft list tables)" = ""
getent passwd | cmp - accounts
systemctl is-active ssh
