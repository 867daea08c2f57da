#!/bin/sh
# Files for equipment, by TFTP, FTP and HTTP: real clients at the other end of a wire, and what each may not do.
# Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086,SC2248 # $turn counts, $CLIENT is a command with its options
set -eu

CLIENT='ip netns exec client'
HERE=10.9.0.1
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
oobm_relay() { node program/oobm-relay.cjs "$@"; }
same() { cmp "$1" "$2" && rm "$1"; }
fetch() { rm -f got; "$@"; same got ios.bin; }
serves() { oobm files | grep -x "at $1"; }
history_has() { until_true sh -c "oobm files history | grep -E '$1'"; }

# As the site's settings have it: the wired port is static, without a gateway.
local_side() { mkdir -p /run/oobm-provision; if [ "$1" = on ]; then echo "static $HERE/24" >/run/oobm-provision/port-wire0; else rm /run/oobm-provision/port-wire0; fi; }

### a switch stands at the other end of a wire, and another host on the uplink
ip netns add client
ip netns add world
ip link add wire0 type veth peer name eth0 netns client
ip link add up0 type veth peer name eth0 netns world
ip addr add $HERE/24 dev wire0
ip addr add 198.51.100.1/24 dev up0
ip link set wire0 up
ip link set up0 up
ip link set lo up
ip -n client addr add 10.9.0.2/24 dev eth0
ip -n client link set eth0 up
ip -n client link set lo up
ip -n world addr add 198.51.100.2/24 dev eth0
ip -n world link set eth0 up
ip -n world route add 10.9.0.0/24 via 198.51.100.1
head -c 62914560 /dev/urandom >ios.bin

### the package, and a configuration without files: nothing is served, and nothing listens
dpkg -i oobm.deb
ssh-keygen -q -t ed25519 -N "" -f alice
ssh-keygen -q -t ed25519 -N "" -f bob
oobm_relay init --host 203.0.113.9 --port 443 --user relay --accounts shared --name lab --host-keys alice.pub
oobm_relay add device tokyo
oobm_relay add technician alice --key alice.pub --shells tokyo
sed -i "/^name = \"alice\"/a admins = [\"tokyo\"]" fleet.toml
oobm_relay add technician bob --key bob.pub --shells tokyo
oobm_relay keys --all
oobm_relay issue tokyo --out oobm.toml
oobm import oobm.toml
local_side on
until_true systemctl is-active "oobm-local@$HERE.target"
until_true test -e /run/oobm-files/served.json
oobm files | grep "nothing is served"
not oobm files put ios.bin
not systemctl is-active "oobm-drop@$HERE"
ss -lntuH src $HERE | not grep -E ":(21|69|8080) "
not systemctl is-active vsftpd
not test -e /var/lib/oobm-drop/read.img

### wrong values are refused, each with what is right
refuses() { { cat oobm.toml; printf "\n[files]\n%s\n" "$1"; } >wrong.toml; not oobm import wrong.toml 2>refusal; cat refusal; grep -E "$2" refusal; }
refuses "read_mib = 12" "files.read_mib: must be 64 to 65536"
refuses "upload_mib = 1.5" "files.upload_mib: must be a whole number"
refuses "http_port = 0" "files.http_port"
refuses "tftp = \"yes\"" "files.tftp"
refuses "nfs = true" "nfs"

### switched on in the configuration: two file systems, and three services at this address alone
{ cat oobm.toml; printf "\n[files]\ntftp = true\nftp = true\nhttp = true\nupload = true\nread_mib = 128\nupload_mib = 16\n"; } >files.toml
oobm import files.toml
until_true serves $HERE
until_true systemctl is-active "oobm-ftp@$HERE"
oobm files
findmnt -no FSTYPE,OPTIONS /srv/oobm/read | grep ext4
for area in read upload; do for option in nodev nosuid noexec; do findmnt -no OPTIONS /srv/oobm/$area | grep -w $option; done; done
# All of their blocks are taken: they cannot be lost to something else.
test "$(du -m /var/lib/oobm-drop/read.img | cut -f 1)" -ge 128
stat -c "%A %U %G" /srv/oobm/read /srv/oobm/upload | tee said
grep -x "drwxrwxr-x root oobm-drop-admin" said
grep -x "d-wxrwx--- oobm-drop oobm-drop-admin" said
ss -lnH src 198.51.100.1 | not grep .
ss -lntuH | grep -E ":(21|69|8080)\b" | not grep -v $HERE

### each has an account without rights, and sees nothing of the device's
for unit in oobm-drop oobm-ftp; do
  pid=$(systemctl show -P MainPID "$unit@$HERE")
  grep -x "NoNewPrivs:.1" /proc/$pid/status
  grep -x "Seccomp:.2" /proc/$pid/status
  not nsenter --mount --target $pid cat /etc/oobm/device.toml
  not nsenter --mount --target $pid ls /var/lib/oobm
  not nsenter --mount --target $pid touch /srv/oobm/read/x
  systemctl show -P IPAddressAllow "$unit@$HERE" | grep -x "10.9.0.0/24"
done
grep -x "CapEff:.0000000000000400" "/proc/$(systemctl show -P MainPID oobm-drop@$HERE)/status"
systemd-analyze security --no-pager "oobm-drop@$HERE" "oobm-ftp@$HERE" | grep -i overall || :

### an administrator fills it by scp as themselves, or by the command; others may not
start_sshd() { mkdir -p /run/sshd; systemctl start ssh; }
start_sshd
until_true test -e /etc/oobm/people/alice
copy() { scp -q -i $1 -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no "$2" "$1@127.0.0.1:$3"; }
copy alice ios.bin /srv/oobm/read/
stat -c "%a %U %G" /srv/oobm/read/ios.bin | grep -x "644 alice oobm-drop-admin"
not copy bob ios.bin /srv/oobm/read/bob.bin
echo config >small.cfg
chmod 644 small.cfg
cp small.cfg /tmp
runuser -u alice -- oobm files put /tmp/small.cfg
not runuser -u alice -- oobm files put /tmp/small.cfg
runuser -u alice -- oobm files put /tmp/small.cfg --replace
not runuser -u bob -- oobm files put /tmp/small.cfg --name b.cfg 2>refusal
grep "only administrators" refusal
not runuser -u alice -- oobm files put /root/ios.bin
head -c 100000000 /dev/zero >/tmp/large
chmod 644 /tmp/large
not runuser -u alice -- oobm files put /tmp/large 2>refusal
grep -E "large has 95.4 MiB, and [0-9.]+ MiB are free" refusal
runuser -u bob -- oobm files list | grep -E "ios.bin +60.0 MiB .* alice"

### TFTP: 60 MB by each client, with each block size, past block 65535
fetch $CLIENT tftp -m binary $HERE -c get ios.bin got
for bytes in 1468 8192; do fetch $CLIENT curl -sS --tftp-blksize $bytes -o got tftp://$HERE/ios.bin; done
fetch $CLIENT atftp --option "blksize 1428" --option "windowsize 8" -g -r ios.bin -l got $HERE
fetch $CLIENT busybox tftp -g -r ios.bin -l got -b 1400 $HERE
history_has "10.9.0.2 +TFTP +took +ios.bin +60.0 MiB"

### FTP and HTTP: the same, whole and in parts
fetch $CLIENT curl -sS -o got ftp://$HERE/ios.bin
fetch $CLIENT curl -sS --ftp-port - -o got ftp://$HERE/ios.bin
fetch $CLIENT curl -sS -u ftp:anything -o got ftp://$HERE/ios.bin
fetch $CLIENT curl -sS -o got http://$HERE:8080/ios.bin
head -c 1000000 ios.bin >got
$CLIENT curl -sS -C - -o got http://$HERE:8080/ios.bin
same got ios.bin
$CLIENT curl -sS http://$HERE:8080/ | grep ">small.cfg<"
$CLIENT curl -sS ftp://$HERE/ | grep small.cfg
history_has "10.9.0.2 +FTP +took +ios.bin +60.0 MiB"
history_has "10.9.0.2 +HTTP +took +ios.bin +60.0 MiB"

### what equipment puts is there, never over another one; nobody fetches or lists it, and an administrator reads it
$CLIENT sh -c "echo one >running; tftp $HERE -c put running core1-confg"
$CLIENT curl -sS -T small.cfg ftp://$HERE/upload/core2-confg
$CLIENT curl -sS -T small.cfg http://$HERE:8080/upload/core3-confg
$CLIENT curl -sS -T small.cfg tftp://$HERE/core1-confg
not $CLIENT curl -sS -T small.cfg ftp://$HERE/upload/core2-confg
$CLIENT curl -sS -T small.cfg http://$HERE:8080/core3-confg | grep "core3-confg.1: 7 bytes are kept"
$CLIENT curl -sS ftp://$HERE/upload/ | not grep confg
not $CLIENT curl -sS ftp://$HERE/upload/core2-confg
not $CLIENT curl -sS tftp://$HERE/upload/core1-confg
$CLIENT curl -sS http://$HERE:8080/upload/core3-confg | grep "cannot be fetched"
runuser -u alice -- oobm files list | grep -E -c "core[123]-confg" | grep -x 5
runuser -u bob -- oobm files list | not grep core1
runuser -u alice -- sh -c "cd && oobm files get core1-confg - " | grep -x one
not runuser -u bob -- oobm files get core1-confg -
runuser -u alice -- oobm files remove --upload core3-confg core3-confg.1
for protocol in TFTP FTP; do history_has "10.9.0.2 +$protocol +put +(upload/)?core[12]-confg"; done
history_has "alice +oobm files +took +core1-confg"

### an upload beyond the size, or one that grows for ever, ends cleanly: full is full there alone
not $CLIENT curl -sS -T ios.bin tftp://$HERE/large1
not $CLIENT curl -sS -T ios.bin ftp://$HERE/upload/large2
$CLIENT curl -sS -T ios.bin http://$HERE:8080/upload/large3 | grep "are free here"
$CLIENT sh -c "head -c 62914560 /dev/zero | curl -sS -T - http://$HERE:8080/upload/large4" | grep "no room"
not ls /srv/oobm/upload/large1
for turn in $(seq 60); do $CLIENT sh -c "head -c 700000 /dev/urandom | curl -sS -m 20 -T - http://$HERE:8080/upload/fill$turn" >/dev/null || break; done
oobm files | grep "uploads:"
test "$(df --output=avail -m / | tail -n 1)" -gt 100
fetch $CLIENT curl -sS -o got http://$HERE:8080/ios.bin
touch /var/lib/oobm/still-writes
find /srv/oobm/upload -name ".part*" | not grep part
rm /srv/oobm/upload/fill*

### no name leads out, in any protocol
ln -s /etc/passwd /srv/oobm/read/out
ln -s ios.bin /srv/oobm/read/latest
mkfifo /srv/oobm/read/fifo
mkdir /srv/oobm/read/sub
ln -s / /srv/oobm/read/sub/root
for name in ../../etc/passwd /etc/passwd ../upload/core1-confg out sub/root/etc/passwd "..\\..\\etc\\passwd" sub/../../../etc/passwd fifo; do
  $CLIENT timeout 20 tftp -m binary $HERE -c get "$name" got 2>&1 | tee said
  grep -i "error" said
  # The client makes the file before it asks.
  not grep root got
  $CLIENT curl -sS --path-as-is "http://$HERE:8080/$name" | not grep "root:"
  $CLIENT curl -sS --path-as-is "ftp://$HERE/$name" 2>/dev/null | not grep "root:"
done
for path in %2e%2e/%2e%2e/etc/passwd ..%2f..%2fetc%2fpasswd %2fetc%2fpasswd %252e%252e/etc/passwd ..%5c..%5cetc/passwd %c0%ae%c0%ae/etc/passwd .%00./etc/passwd; do
  $CLIENT curl -sS --path-as-is "http://$HERE:8080/$path" | not grep "root:"
  $CLIENT curl -sS --path-as-is "ftp://$HERE/$path" 2>/dev/null | not grep "root:"
  $CLIENT curl -sS --path-as-is -T small.cfg "http://$HERE:8080/upload/$path"
done
$CLIENT sh -c "curl -sS -T small.cfg tftp://$HERE/../../etc/evil" || :
not test -e /etc/evil
fetch $CLIENT curl -sS -o got http://$HERE:8080/latest
fetch $CLIENT curl -sS -o got ftp://$HERE/latest

### names that begin with a dot are not served, also not to those who know them
mkdir /srv/oobm/read/.kept
for name in .hidden sub/.hidden .kept/file; do
  echo hidden >"/srv/oobm/read/$name"
  for from in "ftp://$HERE/" "http://$HERE:8080/" "tftp://$HERE/"; do
    $CLIENT curl -sS --path-as-is "$from$name" | not grep hidden
  done
done
for name in .hidden sub/.hidden ./.hidden sub/../.hidden; do
  $CLIENT curl -sS --path-as-is --ftp-method nocwd "ftp://$HERE/$name" | not grep hidden
done
$CLIENT curl -sS ftp://$HERE/ | not grep -E "hidden|kept|lost"
# The way back to the top is open.
$CLIENT curl -sS -Q "CWD sub" -Q CDUP ftp://$HERE/ | grep small.cfg

### FTP is no way to others, and has no commands for the host
ftp_says() { (printf "USER ftp\r\nPASS x\r\n"; sleep 1; for line in "$@"; do printf "%s\r\n" "$line"; sleep 1; done; printf "QUIT\r\n"; sleep 1) | $CLIENT timeout 30 busybox nc $HERE 21 | tee said; }
ftp_says "PORT 198,51,100,2,0,22" "SITE CHMOD 777 ios.bin" "SITE EXEC id" "DELE ios.bin" "RNFR ios.bin" "MKD new" "EPRT |1|198.51.100.2|22|"
not grep -E "^200 PORT|uid=|^250 (Delete|Rename)|^257 \"/new" said
test -e /srv/oobm/read/ios.bin
ftp_says "USER root" "PASS root" | grep "^530 Can.t change"

### nobody on the uplink gets anything, also by the local address
for target in $HERE 198.51.100.1; do
  not ip netns exec world timeout 5 curl -sS -m 4 http://$target:8080/
  not ip netns exec world timeout 5 curl -sS -m 4 ftp://$target/
  not ip netns exec world timeout 8 curl -sS -m 6 tftp://$target/small.cfg
done

### 1,000 connections, and clients that drip, keep neither the equipment nor the device out
cat >flood.cjs <<'FLOOD'
const net = require('node:net')
const [host, port, count] = process.argv.slice(2)
for (let i = 0; i < Number(count); i++) {
  const socket = net.connect(Number(port), host, () => socket.write('GET /'))
  socket.on('error', () => {})
  const drip = setInterval(() => socket.write('x'), 1000)
  socket.on('close', () => clearInterval(drip))
}
setTimeout(() => process.exit(0), 20000)
FLOOD
$CLIENT node flood.cjs $HERE 8080 1000 &
$CLIENT node flood.cjs $HERE 21 1000 &
sleep 5
systemctl is-active "oobm-drop@$HERE" "oobm-ftp@$HERE"
$CLIENT timeout 60 tftp -m binary $HERE -c get small.cfg got
same got small.cfg
grep VmRSS "/proc/$(systemctl show -P MainPID oobm-drop@$HERE)/status"
oobm status || :
wait
until_true fetch $CLIENT curl -sS -o got http://$HERE:8080/ios.bin
until_true fetch $CLIENT curl -sS -o got ftp://$HERE/ios.bin

### the address is local no more: transfers end; it is again, and files are served again
$CLIENT curl -sS --limit-rate 1M -o cut http://$HERE:8080/ios.bin 2>/dev/null &
$CLIENT curl -sS --limit-rate 1M -o cut2 ftp://$HERE/ios.bin 2>/dev/null &
until_true sh -c "oobm files | grep -E \"HTTP +takes +ios.bin +[0-9]+% of 60.0 MiB\""
until_true sh -c "oobm files | grep -E \"FTP +takes +ios.bin\""
local_side off
until_true not systemctl is-active "oobm-drop@$HERE"
until_true not systemctl is-active "oobm-ftp@$HERE"
wait
not $CLIENT curl -sS -m 4 http://$HERE:8080/
history_has "HTTP +took +ios.bin .*cut: the service ended"
local_side on
until_true serves $HERE
until_true fetch $CLIENT curl -sS -o got ftp://$HERE/ios.bin

### killed in the middle of an upload, it leaves nothing behind
$CLIENT sh -c "head -c 3000000 /dev/urandom | curl -sS --limit-rate 300K -T - http://$HERE:8080/upload/killed" 2>/dev/null &
until_true sh -c "ls -A /srv/oobm/upload | grep part"
kill -KILL "$(systemctl show -P MainPID oobm-drop@$HERE)"
wait
until_true not sh -c "ls -A /srv/oobm/upload | grep part"
until_true serves $HERE

### another size: it grows with what is in it, and shrinks no further than that
sed -i "s/^read_mib = .*/read_mib = 192/" /etc/oobm/device.toml
until_true sh -c "df --output=size -m /srv/oobm/read | tail -n 1 | grep -E \"1[78][0-9]\""
test "$(du -m /var/lib/oobm-drop/read.img | cut -f 1)" -ge 192
sed -i "s/^read_mib = .*/read_mib = 64/" /etc/oobm/device.toml
until_true sh -c "oobm files | grep \"files.read_mib = 64\""
until_true serves $HERE
fetch $CLIENT curl -sS -o got http://$HERE:8080/ios.bin
not sh -c "oobm files | grep 'cannot be made ready'"
oobm files | grep "uploads are taken"

### switched off, nothing listens, and the files are kept for the next time
sed -i "s/^tftp = .*/tftp = false/; s/^ftp = .*/ftp = false/; s/^http = .*/http = false/" /etc/oobm/device.toml
until_true not systemctl is-active "oobm-drop@$HERE"
until_true not findmnt /srv/oobm/read
ss -lntuH src $HERE | not grep -E ":(21|69|8080) "
sed -i "s/^http = .*/http = true/; s/^read_mib = .*/read_mib = 192/" /etc/oobm/device.toml
until_true serves $HERE
not systemctl is-active "oobm-ftp@$HERE"
fetch $CLIENT curl -sS -o got http://$HERE:8080/ios.bin

### after a purge, nothing is left
dpkg --purge oobm-device
not findmnt /srv/oobm/read
not test -e /var/lib/oobm-drop
not test -e /srv/oobm
not getent passwd oobm-drop
not getent group oobm-drop-admin
