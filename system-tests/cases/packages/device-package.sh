#!/bin/sh
# The device's package on a Debian under its own systemd, with a relay beside it behind a wire: installation, a proved tunnel, the
# logins, an upgrade and a removal by somebody who is in by the tunnel, a purge. Steps for system-tests/steps.ts.
# shellcheck disable=SC2034,SC2046,SC2086,SC2094,SC2248 # $SSH is a command with its options, $turn counts
set -eu

RELAY='ip netns exec relay'
SSH="$RELAY ssh -F /root/rendered-alice/technicians/alice/config -o BatchMode=yes -o ConnectTimeout=15"
BOB="$RELAY ssh -F /root/rendered-bob/technicians/bob/config -o BatchMode=yes -o ConnectTimeout=15"
ADMIN="$BOB -l remote-admin"
until_true() { for turn in $(seq 300); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
# Its lock outlives what dpkg says of a package; the login that began it is gone by then.
apt_ended() { not pgrep -x apt-get; }
is_ready() { oobm status >/dev/null; }
says() { oobm status | grep "^$1  "; }
# To oobm-apply, and what became of it.
request() { # ACCOUNT TEXT
  runuser -u "$1" -g oobm -- sh -c "umask 077; echo \"$2\" >/run/oobm-settings/$1.0.new; mv /run/oobm-settings/$1.0.new /run/oobm-settings/$1.request"
}
answered() { grep -o "\"request\":\"$1\".*" /run/oobm-apply/requests.json | grep "^[^}]*}[^}]*\"result\":\"$2\",\"detail\":\"$3"; }
pid_of() { systemctl show -P MainPID "$1"; }
changed() { test "$(pid_of "$1")" != "$2" && test "$(pid_of "$1")" != 0; }

### the package installs, and says that there is no configuration
getent passwd >passwd; getent group >group
find /etc /var/lib /home /usr -xdev | sort >files
# A trial of settings from afar takes no ten minutes here.
mkdir -p /run/systemd/system/oobm-apply.service.d
printf "[Service]\nEnvironment=OOBM_TRIAL_S=30\n" >/run/systemd/system/oobm-apply.service.d/test.conf
dpkg -i oobm.deb
systemctl is-active oobm-supervisor
systemctl is-enabled oobm-supervisor oobm-console
not systemctl is-enabled oobm-provision
not systemctl is-active oobm-console
until_true test -e /run/oobm/status.json
oobm status | grep unconfigured
sshd -T | grep "^persourcepenaltyexemptlist 127.0.0.1"
# Another sshd is looked at anew.
rm /etc/ssh/sshd_config.d/51-oobm-penalties.conf
dpkg-trigger --by-package=openssh-server /usr/sbin/sshd
dpkg --configure --pending
sshd -T | grep "^persourcepenaltyexemptlist 127.0.0.1"

### a relay stands at the other end of a wire, and a router on a serial line
ip netns add relay
ip -n relay link set lo up
ip link add eth0 type veth peer name wire netns relay
ip addr add 203.0.113.2/24 dev eth0
ip link set eth0 up
ip -n relay addr add 203.0.113.1/24 dev wire
ip -n relay link set wire up
ip route add default via 203.0.113.1
useradd --create-home --shell /bin/sh relay
usermod --password "*" relay
install -d -m 700 -o relay -g relay /home/relay/.ssh
for who in alice bob host; do ssh-keygen -q -t ed25519 -N "" -f $who; done
systemd-run --quiet --collect --unit=router socat pty,link=/dev/core-sw1,raw,echo=0,group=dialout,mode=660 "system:while read line; do echo router-\$line; done"

### the operator makes the relay, the technicians and the card
oobm_relay() { node program/oobm-relay.cjs "$@"; }
oobm_relay init --host 203.0.113.1 --port 443 --user relay --accounts shared --name lab --host-keys host.pub
oobm_relay add device tokyo
oobm_relay add console tokyo core-sw1 --path /dev/core-sw1
for who in alice bob; do oobm_relay add technician $who --key $who.pub --consoles core-sw1 --shells tokyo; done
oobm_relay keys --all
for who in alice bob; do
  oobm_relay render --out rendered-$who --identity /root/$who --known-hosts /root/rendered-$who/technicians/$who/known_hosts
done
oobm_relay issue tokyo --out oobm.toml
cp rendered-alice/relay/lab/install /home/relay
runuser -u relay -- sh -c "cd; sh install"
printf "%s\n" "Port 443" "HostKey /root/host" "PidFile none" "UsePAM yes" "Include /root/rendered-alice/relay/lab/sshd_config" >sshd_config
mkdir -p /run/relay
systemd-run --quiet --unit=relay --property=KillMode=process ip netns exec relay /usr/sbin/sshd -D -f /root/sshd_config

### the card is taken over, and the tunnel proved
mkdir -p /boot/firmware
sed "/^name = \"bob\"/a admin = true" oobm.toml >/boot/firmware/oobm.toml
printf "[led]\nbackend = \"none\"\n" >>/boot/firmware/oobm.toml
systemctl start oobm-provision
test ! -e /boot/firmware/oobm.toml
cat /boot/firmware/oobm-imported.txt
systemctl reload ssh
systemctl restart oobm-supervisor oobm-console
until_true is_ready
# The change of the configuration was enough for it.
until_true getent passwd alice
until_true not systemctl is-active oobm-people
systemctl show -P Result oobm-people | grep -x success
oobm doctor

### technicians come in by the relay: to a shell, as an administrator, to the console
$SSH tokyo id -un | grep -x alice
$SSH -l oobm tokyo id -un | grep -x oobm
not $SSH -l bob tokyo true
not $SSH tokyo sudo -n true
$SSH tokyo oobm console list | grep core-sw1
$SSH tokyo oobm console break | grep "BREAK sent"
$SSH -l oobm tokyo oobm console break 2>&1 | grep "read-only: you are an observer"
$ADMIN tokyo oobm console break | grep "BREAK sent"
not $SSH -l remote-admin tokyo true
$ADMIN tokyo "id -un; sudo -n id -un" | tr "\n" " " | grep "remote-admin root"
$BOB -l enebular-remote-admin tokyo "echo \$USER; id -un; sudo -n id -un" | tr "\n" " " | grep "enebular-remote-admin remote-admin root"
(echo hello; sleep 3) | $SSH -tt core-sw1 | grep -a router-hello

### the units are bounded and closed, by a systemd that means it
for unit in oobm-supervisor oobm-console; do
  test "$(systemctl show -P MemoryMax $unit)" = 268435456
  # A container has the controller only where its host gives it away.
  limit=/sys/fs/cgroup$(systemctl show -P ControlGroup $unit)/memory.max
  test ! -e $limit || grep -x 268435456 $limit
  grep -x "NoNewPrivs:.1" /proc/$(pid_of $unit)/status
  grep -x "Seccomp:.2" /proc/$(pid_of $unit)/status
  grep -x "CapEff:.0000000000000000" /proc/$(pid_of $unit)/status
  not nsenter -m -t "$(pid_of $unit)" touch /usr/x
done
for account in oobm remote-admin oobm-supervisor oobm-console; do
  not runuser -u $account -- cat /etc/oobm/secrets/relay/key
  not runuser -u $account -- ls /run/credentials/oobm-supervisor.service /run/credentials/oobm-console.service
done

### a sound card starts no program of ours, unless the voice is configured
mkdir -p /dev/snd
: >/dev/snd/pcmC9D0p
systemctl start oobm-say
systemctl show -P Result oobm-say | grep -x exec-condition
systemctl show -P ExecMainPID oobm-say | grep -x 0
printf "[speech]\nenabled = true\n" >voice.toml
oobm import voice.toml
systemctl start oobm-say
until_true sh -c "! systemctl show -P ExecMainPID oobm-say | grep -qx 0"
printf "[speech]\nenabled = false\n" >voice.toml
oobm import voice.toml
systemctl stop oobm-say
rm -r /dev/snd

### settings from afar: people at once, connectivity on trial, and nothing that nobody signed
ssh-keygen -q -t ed25519 -N "" -f signer
ssh-keygen -q -t ed25519 -N "" -f carol
printf "[settings]\nsigners = [\"%s\"]\n" "$(cut -d" " -f1,2 signer.pub)" >signers.toml
oobm import signers.toml
sed -n "/^.bridge./,/^\[\[/s/^host_key = \"\(.*\)\"/\1/p" /etc/oobm/device.toml >bridge.pub
document() { # NUMBER, its halves on standard input
  printf "version = 1\ndevice = \"tokyo\"\nfingerprint = \"%s\"\nserial = %s\n" "$(ssh-keygen -lf bridge.pub | cut -d" " -f2)" "$1" >text
  cat >>text
  ssh-keygen -Y sign -q -f signer -n oobm-settings <text >signature
  cat text signature >"$1.settings"
}
people() { echo "[access]"; sed -n "/^\[\[technicians/,\$p" /etc/oobm/device.toml | sed "s/^\[\[technicians/[[access.technicians/"; }
connectivity() { # PORT
  printf "[connectivity]\nlistener_port = %s\n" "$(sed -n "s/^listener_port = //p" /etc/oobm/device.toml)"
  printf "[[connectivity.relays]]\nhost = \"203.0.113.1\"\nport = %s\nuser = \"relay\"\nhost_keys = [\"%s\"]\n" "$1" "$(cut -d" " -f1,2 host.pub)"
  printf "[[connectivity.consoles]]\nname = \"core-sw1\"\npath = \"/dev/core-sw1\"\n[connectivity.led]\nbackend = \"none\"\n"
}
idle() { not systemctl is-active oobm-apply; }
last() { oobm settings | sed -n "/^The last documents/{n;p;}"; }
until_true idle
people >before
{ cat before; printf "[[access.technicians]]\nname = \"carol\"\nkeys = [\"%s\"]\nshell = true\n" "$(cut -d" " -f1,2 carol.pub)"; } | document 1
document 2 <before
oobm settings apply 1.settings
until_true getent passwd carol
oobm settings apply 2.settings
until_true not getent passwd carol
until_true idle
not oobm settings apply 1.settings
sed "s/^serial = 2/serial = 3/" 2.settings >forged
not oobm settings apply forged
oobm settings | tee settings
grep "^serial number  *2$" settings
grep "^refused  *2$" settings
# Nobody listens there: it comes back, while alice keeps her way in from then on.
connectivity 4443 | document 4
oobm settings apply 4.settings | grep "on trial"
until_true grep "port = 4443" /etc/oobm/device.toml
until_true grep "port = 443$" /etc/oobm/device.toml
until_true idle
last | grep "number 4 .*not proved"
until_true is_ready
$SSH tokyo id -un | grep -x alice
{ connectivity 443; printf "[connectivity.intervals]\nprobe_s = 200\n"; } | document 5
oobm settings apply 5.settings
until_true idle
last | grep "number 5 .*was proved"
grep "^probe_s = 200" /etc/oobm/device.toml
is_ready
systemctl is-active oobm-apply.path

### an adapter that is pulled shows within 10 s, keeps nobody out, and shows no more when it is back
until_true says ready
systemctl stop router
start=$(cut -d. -f1 /proc/uptime)
until_true says no-console
took=$(($(cut -d. -f1 /proc/uptime) - start))
echo "no-console after $took s"
test "$took" -le 10
oobm status | grep "cause .*core-sw1: "
is_ready
systemd-run --quiet --collect --unit=router socat pty,link=/dev/core-sw1,raw,echo=0,group=dialout,mode=660 "system:while read line; do echo router-\$line; done"
until_true says ready

### a supervisor that hangs is ended by its watchdog, and its LED is dark within 25 s
# The LEDs of this kernel are its own: a /sys/class with one of ours.
mount -t tmpfs none /sys/class
install -d /sys/class/leds/ACT
for file in "brightness 0" "max_brightness 1" "trigger none [mmc0] timer"; do echo "${file#* }" >"/sys/class/leds/ACT/${file%% *}"; done
chgrp -R gpio /sys/class/leds/ACT
chmod g+w /sys/class/leds/ACT/*
sed -i "s/^backend = .*/backend = \"kernel\"/" /etc/oobm/device.toml
systemctl restart oobm-supervisor
until_true is_ready
lit() { head -n 1 /sys/class/leds/ACT/brightness | grep -qx 1; }
dark() { head -n 1 /sys/class/leds/ACT/brightness | grep -qx 0 && head -n 1 /sys/class/leds/ACT/trigger | grep -qx mmc0; }
hung=$(pid_of oobm-supervisor)
until_true lit
kill -STOP "$hung"
start=$(cut -d. -f1 /proc/uptime)
until_true dark
took=$(($(cut -d. -f1 /proc/uptime) - start))
echo "dark $took s after SIGSTOP"
test "$took" -le 25
until_true is_ready
test "$(systemctl show -P NRestarts oobm-supervisor)" = 1
sed -i "s/^backend = .*/backend = \"none\"/" /etc/oobm/device.toml
systemctl restart oobm-supervisor
until_true is_ready
umount /sys/class

### a driver of a wireless interface is reloaded when the supervisor asks, and only then
mount -t tmpfs none /sys/class
mount -t tmpfs none /sys/bus
install -d /sys/class/net/eth7 /sys/class/net/wlan0/phy80211 /sys/bus/usb/devices/wlan0 /sys/bus/usb/drivers/radio
touch /sys/bus/usb/drivers/radio/bind /sys/bus/usb/drivers/radio/unbind
ln -s /sys/bus/usb/devices/wlan0 /sys/class/net/wlan0/device
ln -s /sys/bus/usb /sys/bus/usb/devices/wlan0/subsystem
ln -s /sys/bus/usb/drivers/radio /sys/bus/usb/devices/wlan0/driver
request oobm "reload-driver wlan0"
until_true sh -c "journalctl -u oobm-apply | grep \"only oobm-supervisor and root may ask\""
test ! -s /sys/bus/usb/drivers/radio/unbind
request oobm-supervisor "reload-driver wlan0"
until_true answered "reload-driver wlan0" "done" ""
grep -x wlan0 /sys/bus/usb/drivers/radio/unbind
grep -x wlan0 /sys/bus/usb/drivers/radio/bind
request oobm-supervisor "reassociate eth7"
until_true answered "reassociate eth7" refused "eth7 is no wireless interface"
umount /sys/class /sys/bus

### to the unit that reloads drivers, /sys is read-only but for /sys/bus
# The files of the kernel itself, which systemd-nspawn mounts read-only.
mount -t sysfs none /mnt
mount -o remount,rw /mnt
umount /mnt
for part in bus class devices kernel; do mount -o remount,bind,rw /sys/$part; done
install -d /run/systemd/system/oobm-wifi-radio@probe.service.d
printf "[Service]\nType=exec\nExecStart=\nExecStart=sleep 600\n" >/run/systemd/system/oobm-wifi-radio@probe.service.d/probe.conf
systemctl daemon-reload
systemctl start oobm-wifi-radio@probe
probe=$(pid_of oobm-wifi-radio@probe)
opens_for_writing() { "$@" sh -c ": >>$file"; }
for file in /sys/bus/platform/drivers_autoprobe /sys/devices/virtual/net/lo/ifalias /sys/class/net/lo/ifalias /sys/kernel/mm/ksm/run; do
  opens_for_writing env
done
file=/sys/bus/platform/drivers_autoprobe opens_for_writing nsenter -m -t "$probe"
for file in /sys/devices/virtual/net/lo/ifalias /sys/class/net/lo/ifalias /sys/kernel/mm/ksm/run; do
  not opens_for_writing nsenter -m -t "$probe"
done
systemctl stop oobm-wifi-radio@probe
rm -r /run/systemd/system/oobm-wifi-radio@probe.service.d
systemctl daemon-reload
for part in bus class devices kernel; do mount -o remount,bind,ro /sys/$part; done

### nobody reboots a board that is proved, or that somebody is in; else it reboots, and counts that
request oobm-supervisor reboot
until_true answered reboot refused "the way in is proved"
# The container goes on.
systemctl mask --runtime reboot.target
$RELAY ssh -o BatchMode=yes -o StrictHostKeyChecking=no -i alice alice@203.0.113.2 sleep 600 &
visitor=$!
systemctl stop relay
pkill -f "^sshd[^ ]*: relay"
until_true says no-relay
request oobm-supervisor reboot
until_true answered reboot refused "somebody is in: alice by ssh"
kill $visitor
until_true not pgrep -f "^sshd[^ ]*: alice"
request oobm-supervisor reboot
until_true answered reboot failed "systemctl reboot: "
grep -x "{\"version\":1,\"count\":1,.*" /var/lib/oobm-apply/reboots.json
request oobm-supervisor reboot
until_true answered reboot refused "at most one reboot in 6 h"
systemctl unmask --runtime reboot.target
systemd-run --quiet --unit=relay --property=KillMode=process ip netns exec relay /usr/sbin/sshd -D -f /root/sshd_config
until_true says ready

### somebody who is in by the tunnel upgrades it, and is not cut off; nor is who watches a console
supervisor=$(pid_of oobm-supervisor) console=$(pid_of oobm-console)
(echo before; sleep 600) | $SSH -tt core-sw1 >watched 2>&1 &
watcher=$!
until_true grep -a router-before watched
cp next.deb /tmp
$ADMIN -tt tokyo "sudo apt-get install -y /tmp/next.deb; sleep 7; echo still in" | tee upgrade | grep -a "still in"
dpkg-query -W oobm-device | grep +next
sleep 5
test "$supervisor $console" = "$(pid_of oobm-supervisor) $(pid_of oobm-console)"
systemctl is-active oobm-restart
kill $watcher; pkill -P $watcher || :
until_true changed oobm-supervisor $supervisor
until_true changed oobm-console $console
until_true is_ready
until_true not systemctl is-active oobm-restart

### the history has each login, by whose key it was
$SSH tokyo oobm history | tee history
grep -E "^alice +.* through the relay$" history
grep -E "^alice as oobm +.* until .*" history
grep -E "^bob as remote-admin +.* until .*" history
grep "still open" history

### a technician who leaves is ended, with all that runs and would run; who comes back has their own uid again
uid=$(id -u alice)
$SSH tokyo "echo hers >file; setsid sh -c \"trap : TERM HUP; while :; do sleep 4321; done\" >/dev/null 2>&1 </dev/null &"
$SSH -tt tokyo "sleep 4321" >session 2>&1 &
until_true sh -c "test \"\$(pgrep -u alice -c sleep)\" = 2"
printf "[[technicians]]\nname = \"alice\"\nremove = true\n" >gone.toml
oobm import gone.toml
not getent passwd alice
not pgrep -u "$uid"
wait
stat -c "%U %a" /home/alice | grep -x "root 700"
not $SSH tokyo true
oobm doctor | grep "accounts.*bob"
{ sed "/^name = \"bob\"/a admin = true" oobm.toml; printf "[led]\nbackend = \"none\"\n"; } >again.toml
oobm import again.toml
$SSH tokyo "id -u; cat file" | tr "\n" " " | grep -x "$uid hers "

### somebody who is in by the tunnel removes it: that ends there, and the configuration stays
$ADMIN -tt tokyo "sudo apt-get remove -y oobm-device" || :
until_true sh -c "dpkg-query -W -f \"\\\${db:Status-Abbrev}\" oobm-device | grep -x \"rc \""
until_true apt_ended
not systemctl is-active oobm-supervisor oobm-console
ls /etc/oobm/device.toml /etc/oobm/secrets/relay/key

### installed again it is ready again, as it was
dpkg -i next.deb
until_true is_ready
$ADMIN tokyo sudo -n true

### a purge by somebody who is in by the tunnel leaves no trace
# Without a terminal nothing is hung up on, but nobody reads what apt says any more.
echo "Defaults !use_pty" >/etc/sudoers.d/zz
$ADMIN tokyo "sudo apt-get purge -y oobm-device" || :
rm /etc/sudoers.d/zz
until_true not dpkg-query -W oobm-device
until_true apt_ended
getent passwd | grep -v ^relay: | diff passwd - >&2
getent group | grep -v ^relay: | diff group - >&2
find /etc /var/lib /home /usr -xdev | sort | diff files - | grep "^[<>]" |
  grep -vE " /(home/relay|etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|etc/\.pwd\.lock|var/lib/(dpkg|systemd|apt|private))" >left || :
not grep . left
not systemctl cat oobm-supervisor
sshd -t
systemctl is-active ssh
