#!/bin/sh
# Consoles over the network and commands, each with a program of its own: what it may reach, what it has, what becomes of it.
# Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086 # $turn counts, $SERVER is a command with its options
set -eu

SERVER='ip netns exec server'
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
says() { oobm console list | grep -E "^$1 .*$2"; }
pid_of() { systemctl show -P MainPID "oobm-line@$1"; }
oobm_relay() { node program/oobm-relay.cjs "$@"; }

### a terminal server with a router stands at the other end of a wire, and another host beside it
ip netns add server
ip -n server link set lo up
ip link add eth0 type veth peer name wire netns server
ip addr add 203.0.113.2/24 dev eth0
ip link set eth0 up
for address in 7 8; do ip -n server addr add "203.0.113.$address/24" dev wire; done
ip -n server link set wire up
echo "203.0.113.7 terms.example.net" >>/etc/hosts
systemd-run --quiet --unit=router socat pty,link=/dev/router,raw,echo=0 "system:while read line; do echo router-\$line; done"
until_true test -e /dev/router
printf "%%YAML 1.1\n---\nconnection: &t\n  accepter: telnet,tcp,2001\n  connector: serialdev,/dev/router,9600n81,local\n" >ser2net.yaml
# Its old client is gone without a word when the address moves.
printf "  options:\n    kickolduser: true\n" >>ser2net.yaml
systemd-run --quiet --unit=terms $SERVER ser2net -n -c /root/ser2net.yaml
systemd-run --quiet --unit=other $SERVER socat TCP-LISTEN:2002,fork,reuseaddr "SYSTEM:echo reached; cat"
until_true sh -c "socat -T1 - TCP:203.0.113.8:2002 </dev/null | grep reached"

### the package, and a configuration with a line over the network and a command that only root may write
dpkg -i oobm.deb
systemctl is-active oobm-lines.path
ssh-keygen -q -t ed25519 -N "" -f alice
oobm_relay init --host 203.0.113.9 --port 443 --user relay --accounts shared --name lab --host-keys alice.pub
oobm_relay add device tokyo
oobm_relay add console tokyo term1 --path telnet://terms.example.net:2001
oobm_relay add console tokyo bmc1 --path exec:
oobm_relay add technician alice --key alice.pub --consoles term1,bmc1 --shells tokyo
oobm_relay keys --all
oobm_relay issue tokyo --out oobm.toml
sed "s/^path = \"exec:\"/path = \"exec:touch \/run\/x\"/" oobm.toml >hostile.toml
not oobm import hostile.toml 2>refusal
grep "consoles\[2\].path: .*only root" refusal
oobm import oobm.toml
until_true systemctl is-active oobm-line@term1.socket
until_true systemctl is-active oobm-line@bmc1.socket
systemctl restart oobm-console

### the line opens, carries what is typed, and shows in words what a command lacks
until_true says term1 "  open"
until_true says bmc1 "closed: no command"
(echo hello; sleep 3) | oobm console attach term1 2>&1 | tee said | grep router-hello || { cat said; false; }
oobm console break term1 | grep "BREAK sent"
not oobm console break bmc1
oobm status | grep "term1 .*telnet://terms.example.net:2001"

### its program has a user of its own, no rights, and nothing but its line
pid=$(pid_of term1)
test "$pid" != 0
not grep -E "^Uid:.*\b($(id -u oobm-console)|0)\b" /proc/$pid/status
grep -x "NoNewPrivs:.1" /proc/$pid/status
grep -x "Seccomp:.2" /proc/$pid/status
grep -x "CapEff:.0000000000000000" /proc/$pid/status
stat -c "%U %a" /run/oobm-line/term1 | grep -x "oobm-console 600"
find /run/credentials/oobm-line@term1.service -mindepth 1 -printf "%f\n" | sort | tr "\n" " " | grep -x "addresses spec "
grep -x 203.0.113.7 /run/credentials/oobm-line@term1.service/addresses
not runuser -u oobm-console -- cat /run/oobm-lines/term1/spec
not runuser -u oobm-supervisor -- socat -u /dev/null UNIX-CONNECT:/run/oobm-line/term1

### root gives the command, with a key: it has this key, reaches the hosts that are named, and no others
install -m 600 alice /etc/oobm/secrets/lines/bmc1/key
cat >/root/probe <<'PROBE'
#!/bin/sh
id -u
for address in 203.0.113.7 203.0.113.8 127.0.0.1; do
  socat -T1 - "TCP:$address:2002,connect-timeout=3" </dev/null 2>/dev/null | grep -q reached && echo "$address reached" || echo "$address closed"
done
socat -T1 -u "TCP:127.0.0.1:2222,connect-timeout=3" - 2>/dev/null | grep -q SSH && echo "bridge reached" || echo "bridge closed"
echo "host $OOBM_LINE_HOST"
head -n 1 "$CREDENTIALS_DIRECTORY/line_key"
cat /etc/oobm/secrets/relay/key /run/oobm-lines/term1/spec /run/credentials/oobm-console.service/* 2>&1 | grep -c denied
touch /usr/x /var/x /root/x 2>/dev/null && echo wrote
echo "tty $(tty)"
cat
PROBE
install -m 755 /root/probe /usr/local/bin/probe
sed -i "/^path = \"exec:\"/ { s/exec:/exec:probe/; n; s/.*/exec_hosts = [\"203.0.113.7\"]/ }" /etc/oobm/device.toml
until_true sh -c "oobm console log bmc1 --lines 40 | grep \"tty /dev/pts\""
oobm console log bmc1 --lines 40 | tee probed
grep "203.0.113.7 reached" probed
grep "203.0.113.8 closed" probed
grep "127.0.0.1 closed" probed
grep "bridge closed" probed
grep "host 203.0.113.7" probed
grep "BEGIN OPENSSH PRIVATE KEY" probed
not grep wrote probed
not grep -x ".* 0" probed
not test -e /usr/x

### each line's program reaches its own host only, also when both run
systemctl show -P IPAddressAllow oobm-line@term1 | grep -x "203.0.113.7/32"
systemctl show -P IPAddressDeny oobm-line@term1 | grep "0.0.0.0/0"
# The unit of the bridge is as it was.
systemctl show -P IPAddressAllow oobm-console | tr " " "\n" | sort | tr "\n" " " | grep -x "127.0.0.0/8 ::1/128 "
systemctl show -P RestrictAddressFamilies oobm-console | tr " " "\n" | sort | tr "\n" " " | grep -x "AF_INET AF_UNIX "
systemctl cat oobm-console | not grep -E "^# /(run|etc)/"

### the host moves to another address: it is found there, and the old one is closed
sed -i "s/^203.0.113.7 terms/203.0.113.8 terms/" /etc/hosts
ip -n server addr del 203.0.113.7/24 dev wire
ip -n server addr add 203.0.113.8/24 dev wire 2>/dev/null || :
until_true says term1 "closed: the server no longer answers"
until_true says term1 "  open"
systemctl show -P IPAddressAllow oobm-line@term1 | grep -x "203.0.113.8/32"
ip -n server addr add 203.0.113.7/24 dev wire

### a program that is killed comes back; the bridge goes on
bridge=$(systemctl show -P MainPID oobm-console)
kill -KILL "$(pid_of term1)"
until_true sh -c "oobm console log term1 --lines 20 | grep \"closed: its program ended\""
until_true says term1 "  open"
test "$bridge" = "$(systemctl show -P MainPID oobm-console)"

### a command in a file that others may write is not run
chmod 666 /etc/oobm/device.toml
touch /etc/oobm/device.toml
systemctl start oobm-lines
until_true says bmc1 "closed: its command is not run: others than root may write /etc/oobm/device.toml"
chmod 644 /etc/oobm/device.toml
systemctl start oobm-lines
until_true says bmc1 "  open"

### a file of the operator keeps root's command; a console that is gone takes its program along
oobm import oobm.toml
grep "path = \"exec:probe\"" /etc/oobm/device.toml
printf "[[consoles]]\nname = \"term1\"\nremove = true\n[[technicians]]\nname = \"alice\"\nconsoles = [\"bmc1\"]\n" >gone.toml
oobm import gone.toml
until_true not systemctl is-active oobm-line@term1.socket
until_true not systemctl is-active oobm-line@term1.service
until_true not test -e /run/oobm-lines/term1

### after a purge, nothing is left
dpkg --purge oobm-device
not ls /run/oobm-line/bmc1
not systemctl is-active "oobm-line@bmc1.service"
