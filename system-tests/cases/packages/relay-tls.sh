#!/bin/sh
# A dedicated relay that shares its port between SSH and TLS, on a Debian under its own systemd. Steps for system-tests/steps.ts.
# shellcheck disable=SC2016,SC2034,SC2046,SC2086,SC2248,SC1112 # $SSH is a command with its options, $turn counts
set -eu

SSH='ssh -F none -T -p 443 -o BatchMode=yes -o ConnectTimeout=15 -o UserKnownHostsFile=/root/known_hosts -o HostKeyAlias=relay'
# The end of another machine's wire, with addresses that no one exempts.
OUTSIDE='ip netns exec outside'
IN=203.0.113.1
# FROM ARGUMENTS...: ssh from one address of the other machine, plain and within TLS.
plain() { from=$1; shift; $OUTSIDE $SSH -b "$from" "$@"; }
tls() { from=$1; shift; $OUTSIDE $SSH -o "ProxyCommand=openssl s_client -quiet -bind $from:0 -connect $IN:443" "$@"; }
answers() { "$1" "$2" -i secrets/tokyo/relay_key oobm-device@$IN x 2>&1 | grep 'tokyo: the commands are'; }
both() { answers plain 203.0.113.2 && answers tls 203.0.113.2; }
lives() { echo x | timeout 20 $SSH -i alice -W 127.0.0.1:20101 alice@127.0.0.1 2>/dev/null | grep -a SSH-2.0; }
until_true() { for turn in $(seq 150); do if "$@"; then return; fi; sleep 0.2; done; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
main_pid() { systemctl show -P MainPID oobm-relay-tls; }
has_port() { ss -Hltnp "sport = :443" | grep "\"$1\""; }
# HOW...: the device's tunnel, from the other machine; its number is in $tunnel.
hold_tunnel() {
  $OUTSIDE socat tcp-listen:2222,bind=127.0.0.1,fork,reuseaddr system:'echo SSH-2.0-device; cat >/dev/null' 2>/dev/null &
  "$@" -N -o ExitOnForwardFailure=yes -R 127.0.0.1:20101:127.0.0.1:2222 -i secrets/tokyo/relay_key oobm-device@$IN 2>>tunnel &
  tunnel=$!
  until_true lives
}
drop_tunnels() { pkill -x ssh || :; until_true not lives; }
# It has been started again as often as its unit allows.
has_given_up() { test "$(systemctl show -P NRestarts oobm-relay-tls)" -ge 5 && systemctl is-failed oobm-relay-tls; }
# A HAProxy that takes every configuration and never runs.
break_haproxy() {
  mv /usr/sbin/haproxy /usr/sbin/haproxy.away
  printf '#!/bin/sh\ncase "$1" in -c) exit 0 ;; esac\nexit 1\n' >/usr/sbin/haproxy
  chmod 755 /usr/sbin/haproxy
}
mend_haproxy() { mv /usr/sbin/haproxy.away /usr/sbin/haproxy; }
set_tls() { sed -i "s/^tls = .*/tls = $1/" fleet.toml; }
wire() {
  ip netns add outside
  ip link add wire0 type veth peer name wire1 netns outside
  ip addr add $IN/24 dev wire0
  ip addr add 2001:db8::1/64 dev wire0 nodad
  ip link set wire0 up
  ip -n outside link set lo up
  for turn in 2 3 4; do ip -n outside addr add 203.0.113.$turn/24 dev wire1; done
  ip -n outside addr add 2001:db8::2/64 dev wire1 nodad
  ip -n outside link set wire1 up
}

### a relay without TLS
wire
dpkg -i oobm.deb
getent passwd >accounts
oobm-relay init --host 127.0.0.1 --accounts dedicated --name lab --yes
oobm-relay add device tokyo
oobm-relay add device osaka
oobm-relay add console tokyo sw1 --path /dev/ttyUSB0
for who in alice bob; do ssh-keygen -q -t ed25519 -N "" -f $who; done
oobm-relay add technician alice --key alice.pub --consoles sw1
oobm-relay add technician bob --key bob.pub --consoles sw1 --login sw1
sed -i "s/^firewall = .*/firewall = true\ntls = false/" fleet.toml
oobm-relay keys --all
oobm-relay apply --here
key=$(cut -d" " -f1,2 /etc/oobm/relay/ssh_host_ed25519_key.pub)
sed -i "s|^host_keys = .*|host_keys = [\"$key\"]|" fleet.toml
echo "relay $key" >known_hosts
oobm-relay apply --here
printf 'Match User bob\n  PasswordAuthentication no\n  KbdInteractiveAuthentication no\n' >/etc/ssh/sshd_config.d/oobm-relay.conf
systemctl reload ssh
echo bob:a-password | chpasswd
has_port sshd

### TLS is switched on under a live tunnel
hold_tunnel plain 203.0.113.2
set_tls true
oobm-relay plan | grep "would start oobm-relay-tls (HAProxy) on port 443"
not oobm-relay apply --here --no-systemd
has_port sshd
oobm-relay apply --here | tee said
has_port haproxy
lives
kill -0 $tunnel
oobm-relay apply --here | grep "nothing to change"
both
plain 2001:db8::2 -i secrets/tokyo/relay_key oobm-device@2001:db8::1 x 2>&1 | grep "tokyo: the commands are"
oobm-relay check --here
oobm-relay check | tee said
grep "ok       the same within TLS on port 443" said
systemctl is-active haproxy
test "$(stat -c %a,%U /etc/oobm/relay/tls.pem)" = 600,root
not runuser -u bob -- cat /etc/oobm/relay/tls.pem
not runuser -u bob -- ls /run/oobm-relay-tls
drop_tunnels

### a reload keeps tunnels, and no reload comes without a change
hold_tunnel tls 203.0.113.2
before=$(main_pid)
sed -i "s|^tls = true|&\nexempt_networks = [\"198.51.100.0/24\"]|" fleet.toml
oobm-relay apply --here | grep "change haproxy.cfg"
test "$before" = "$(main_pid)"
test "$(pgrep -cP "$before")" = 2
lives
kill -0 $tunnel
both
oobm-relay add device kyoto
oobm-relay keys --all
oobm-relay apply --here | not grep haproxy.cfg
test "$(pgrep -cP "$before")" = 2
lives

### status, history and the log have the real source
drop_tunnels
token=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
sleep 600 | plain 203.0.113.3 -i secrets/osaka/relay_key oobm-device@$IN "claim $token" >claim 2>&1 &
until_true grep claimed claim
oobm-relay status osaka | tee said || true
grep "  from  *203.0.113.3$" said
grep "  heard  *[0-9]* s ago" said
oobm-relay hop-keys
plain 203.0.113.4 -i bob bob@$IN sw1 status 2>&1 || true
tls 203.0.113.4 -i bob bob@$IN sw1 status 2>&1 || true
oobm-relay history --by bob | tee said
test "$(grep -c "  sw1  address 203.0.113.4  " said)" = 2
not runuser -u bob -- sh -c "journalctl -u oobm-relay-tls --no-pager -q | grep 203.0.113"
journalctl --rotate
sleep 1.5
journalctl --vacuum-time=1s
oobm-relay history --by bob | grep "  address unknown (it came by HAProxy: the journal no longer has it)  "

### one who guesses passwords is held back, and locks nobody out
grep "^PerSourcePenalties no" /etc/oobm/relay/sshd_config
cat >guess <<'EOF'
#!/bin/sh
echo wrong
EOF
chmod 755 guess
guess() {
  while :; do
    for turn in $(seq 30); do
      SSH_ASKPASS=/root/guess SSH_ASKPASS_REQUIRE=force $OUTSIDE ssh -F none -p 443 -b 203.0.113.4 \
        -o UserKnownHostsFile=/root/known_hosts -o HostKeyAlias=relay -o PubkeyAuthentication=no \
        -o NumberOfPasswordPrompts=6 -o ConnectTimeout=15 bob@$IN x >>guessed 2>&1 &
      guesses="${guesses-} $!"
    done
    wait $guesses || :
    guesses=
  done
}
guess &
guesser=$!
until_true not answers plain 203.0.113.4
grep -q "Too many authentication failures" guessed
for turn in 1 2 3 4 5; do both; done
kill $guesser
until_true answers plain 203.0.113.4

### thousands of idle connections from one source leave room for others
cat >flood.js <<'EOF'
const net = require('node:net'), tls = require('node:tls')
for (let at = 0; at < 3000; at++) {
  const how = { port: 443, host: '203.0.113.1', localAddress: '203.0.113.3' }
  const socket = net.connect(how).on('error', () => {})
  if (at % 2) socket.write(Buffer.from('160301020001', 'hex'))
}
setTimeout(() => process.exit(0), 60_000)
EOF
$OUTSIDE node flood.js &
flood=$!
for turn in 1 2 3 4 5; do sleep 1; both; done
kill $flood

### HAProxy is killed, and comes back
before=$(main_pid)
kill -KILL "$before"
until_true both
test "$before" != "$(main_pid)"

### HAProxy does not start any more: sshd has the port
break_haproxy
kill -KILL "$(main_pid)"
until_true has_given_up
until_true answers plain 203.0.113.2
systemctl is-active oobm-relay-plain
oobm-relay check --here >said || true
grep "WRONG    HAProxy runs: it is failed, and sshd has the port until it runs" said
not oobm-relay apply --here

### nor when both are started anew, as at a reboot
systemctl stop oobm-relay-plain oobm-relay-sshd
systemctl reset-failed oobm-relay-tls
not answers plain 203.0.113.2
systemctl start --no-block oobm-relay-sshd oobm-relay-tls
until_true has_given_up
until_true answers plain 203.0.113.2
mend_haproxy
oobm-relay apply --here | grep "start oobm-relay-tls"
both
not systemctl is-active oobm-relay-plain

### an apply that would leave no working HAProxy is undone
set_tls false
oobm-relay apply --here | grep "stop oobm-relay-tls (HAProxy): the connections through it end"
has_port sshd
not systemctl cat oobm-relay-tls
drop_tunnels
hold_tunnel plain 203.0.113.2
break_haproxy
set_tls true
not oobm-relay apply --here >said 2>&1
grep "not applied: HAProxy does not start; .*everything is as before" said
has_port sshd
lives
drop_tunnels
answers plain 203.0.113.2
not ls /etc/systemd/system/oobm-relay-tls.service /etc/systemd/system/multi-user.target.wants/oobm-relay-tls.service
mend_haproxy

### an apply that is killed at any step leaves a relay that answers, and the next one finishes
mkdir -p fleet
at=1
while :; do
  if [ $((at / 5 % 2)) = 0 ]; then set_tls true; else set_tls false; fi
  KILL_AFTER=$at timeout -s KILL 300 node --require /root/killer.cjs /usr/lib/oobm-relay/oobm-relay.cjs apply --here >said 2>&1 && break
  until_true answers plain 203.0.113.2
  oobm-relay apply --here
  oobm-relay plan | grep "^nothing to change"
  answers plain 203.0.113.2
  at=$((at + 5))
done
echo "killed after $at steps at the most"
test $at -gt 30
set_tls true
oobm-relay apply --here
both

### [power cut] after a reboot it serves both
wire
until_true both
oobm-relay check --here

### a removal stops it, an installation starts it
dpkg -r oobm-relay
not has_port haproxy
not has_port sshd
dpkg -i oobm.deb
until_true both

### a purge leaves no trace, and the host’s own HAProxy alone
dpkg -P oobm-relay
not ls -d /etc/oobm /var/lib/oobm* /run/oobm* /usr/lib/oobm* /etc/systemd/system/*oobm* /etc/systemd/system/*/*oobm* 2>/dev/null
test "$(nft list tables)" = ""
not pgrep -f '^/usr/sbin/haproxy .*oobm'
getent passwd | cmp - accounts
systemctl is-active ssh haproxy
