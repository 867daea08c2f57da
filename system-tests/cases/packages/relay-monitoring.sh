#!/bin/sh
# What a NOC gets of a dedicated relay under its own systemd: figures, events in a real rsyslog, and a real Nagios. Steps for
# system-tests/steps.ts.
# shellcheck disable=SC2034,SC2086 # $turn counts, $DEVICE is a command with its options
set -eu

DEVICE='ssh -F none -T -p 443 -o BatchMode=yes -o ConnectTimeout=15 -o UserKnownHostsFile=/root/known_hosts -i secrets/tokyo/relay_key -R 127.0.0.1:20100:127.0.0.1:22 -R 127.0.0.1:20101:127.0.0.1:22 oobm-device@127.0.0.1'
until_true() { for turn in $(seq "${TURNS:-300}"); do if "$@"; then return; fi; sleep 0.2; done; echo "never true: $*"; return 1; }
# With `set -e`, a bare `!` never fails.
not() { if "$@"; then return 1; fi; }
main_pid() { systemctl show -P MainPID "$1"; }
# It claims, reports, and stays.
comes() { systemd-run --quiet --unit=device --working-directory=/root sh -c "tail -f report | $DEVICE 'claim aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"; }
goes() { systemctl stop device; }
figure() { curl -sS http://127.0.0.1:9822/metrics | grep -x "$1"; }
told() { grep " $1 .*tokyo" /var/log/noc.log; }
# What Nagios has of a service: its state, and what the plugin said.
nagios_says() { sed -n "/service_description=$1\$/,/}/p" /var/lib/noc/status.dat | grep -E "^.(current_state|plugin_output)=" | tr '\n' ' ' | grep "current_state=$2.*plugin_output=$3"; }
restarted() { now=$(main_pid $1); [ "$now" != 0 ] && [ "$now" != "$2" ]; }

### a relay, and a device that is proved
dpkg -i oobm.deb
oobm-relay init --host 127.0.0.1 --accounts dedicated --name lab --yes
oobm-relay add device tokyo
oobm-relay add console tokyo sw1 --path /dev/ttyUSB0
oobm-relay keys --all
oobm-relay apply --here
printf "[127.0.0.1]:443 %s\n" "$(cut -d" " -f1,2 /etc/oobm/relay/ssh_host_ed25519_key.pub)" >known_hosts
cat >report <<'END'
report {"v":1,"state":"ready","cause":"proved","sinceS":1,"proofS":3,"tookMs":1,"probeMs":1,"sessions":{"shell":0,"console":0},"software":"1","pingS":15,"uplink":"eth0","consoles":[{"name":"sw1","open":false,"cause":"no adapter","who":[],"outputS":5}],"changes":[]}
END
comes
until_true sh -c "oobm-relay status tokyo | grep ready"

### figures: the unit starts, answers on loopback alone, and has one right
systemctl enable --now oobm-relay-metrics
until_true figure 'oobm_device_proved{device="tokyo"} 1'
figure 'oobm_console_open{device="tokyo",console="sw1"} 0'
ip link set lo up
ip addr add 203.0.113.5/32 dev lo
not curl -sS --max-time 5 http://203.0.113.5:9822/metrics
pid=$(main_pid oobm-relay-metrics)
not [ "$(stat -c %u "/proc/$pid")" = 0 ]
grep '^CapEff:.*0000000000000004$' "/proc/$pid/status"
grep '^NoNewPrivs:.*1$' "/proc/$pid/status"
not nsenter -t "$pid" -m touch /etc/written /var/lib/oobm/written
not nsenter -t "$pid" -m grep . /etc/shadow
systemd-analyze security --no-pager oobm-relay-metrics | tail -1

### figures: after a kill the unit is back by itself
pid=$(main_pid oobm-relay-metrics)
kill -KILL "$pid"
until_true restarted oobm-relay-metrics "$pid"
until_true figure 'oobm_device_proved{device="tokyo"} 1'
systemctl is-active oobm-relay-metrics

### events: without settings the unit does not start, and wrong ones are said once
systemctl start oobm-relay-events
not systemctl is-active oobm-relay-events
install -d -m 755 /etc/oobm-relay
install -m 600 /dev/stdin /etc/oobm-relay/events.toml <<'END'
version = 1
[[sinks]]
name = "noc"
syslog = "carrier-pigeon://127.0.0.1"
END
systemctl start oobm-relay-events || :
until_true systemctl is-failed oobm-relay-events
[ "$(systemctl show -P NRestarts oobm-relay-events)" = 0 ]
journalctl -q -u oobm-relay-events | grep syslog
systemctl reset-failed oobm-relay-events

### events: rsyslog takes them by RFC 5424 over TCP
cat >/etc/rsyslog.d/noc.conf <<'END'
module(load="imtcp")
input(type="imtcp" port="601" ruleset="noc")
ruleset(name="noc") { action(type="omfile" file="/var/log/noc.log" template="RSYSLOG_SyslogProtocol23Format") }
END
systemctl restart rsyslog
install -m 600 /dev/stdin /etc/oobm-relay/events.toml <<'END'
version = 1
settle_s = 5
[[sinks]]
name = "noc"
syslog = "tcp://127.0.0.1:601"
END
oobm-relay events --test | grep "noc: taken"
until_true grep "oobm.* test \[oobm@32473" /var/log/noc.log
systemctl enable --now oobm-relay-events
pid=$(main_pid oobm-relay-events)
until_true sh -c "ss -tlnH sport = 601 | grep LISTEN"
not [ "$(stat -c %u "/proc/$pid")" = 0 ]
grep '^CapEff:.*0000000000000004$' "/proc/$pid/status"
not nsenter -t "$pid" -m touch /etc/written /var/lib/oobm/written
sleep 6
goes
TURNS=600 until_true told device-lost

### events: after a kill the unit is back, and tells what came next, once
until_true figure 'oobm_events_waiting{sink="noc"} 0'
pid=$(main_pid oobm-relay-events)
kill -KILL "$pid"
until_true restarted oobm-relay-events "$pid"
comes
TURNS=600 until_true told device-proved
[ "$(told device-lost | wc -l)" = 1 ]
[ "$(told device-proved | wc -l)" = 1 ]
systemctl is-active oobm-relay-events

### Nagios runs the plugin, and shows OK, then CRITICAL, then OK
install -d -o nagios -g nagios /var/lib/noc /var/lib/noc/results
echo 'nagios ALL=(root) NOPASSWD: /usr/lib/nagios/plugins/check_oobm' >/etc/sudoers.d/check_oobm
cat >nagios.cfg <<'END'
cfg_file=/root/objects.cfg
log_file=/var/lib/noc/nagios.log
status_file=/var/lib/noc/status.dat
object_cache_file=/var/lib/noc/objects.cache
precached_object_file=/var/lib/noc/objects.precache
state_retention_file=/var/lib/noc/retention.dat
temp_file=/var/lib/noc/tmp
temp_path=/var/lib/noc
lock_file=/var/lib/noc/nagios.lock
query_socket=/var/lib/noc/nagios.qh
check_result_path=/var/lib/noc/results
check_external_commands=0
status_update_interval=1
interval_length=1
nagios_user=nagios
nagios_group=nagios
END
cat >objects.cfg <<'END'
define timeperiod {
  timeperiod_name always
  alias always
  sunday 00:00-24:00
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
}
define command {
  command_name check_oobm
  command_line sudo /usr/lib/nagios/plugins/check_oobm $ARG1$
}
define command {
  command_name nothing
  command_line /bin/true
}
define contact {
  contact_name noc
  host_notifications_enabled 0
  service_notifications_enabled 0
  host_notification_period always
  service_notification_period always
  host_notification_commands nothing
  service_notification_commands nothing
}
define host {
  host_name relay
  address 127.0.0.1
  max_check_attempts 1
  check_period always
  contacts noc
}
define service {
  name oobm
  host_name relay
  check_period always
  check_interval 3
  retry_interval 3
  max_check_attempts 1
  contacts noc
  register 0
}
define service {
  use oobm
  service_description device
  check_command check_oobm!tokyo
}
define service {
  use oobm
  service_description console
  check_command check_oobm!tokyo --console sw1
}
define service {
  use oobm
  service_description fleet
  check_command check_oobm
}
END
chmod 755 /root
chmod 644 nagios.cfg objects.cfg
nagios4 -v /root/nagios.cfg | tail -4
systemd-run --quiet --unit=nagios nagios4 /root/nagios.cfg
until_true nagios_says device 1 "WARNING - tokyo"
until_true nagios_says console 2 "CRITICAL - sw1 at tokyo: closed: no adapter"
until_true nagios_says fleet 1 "WARNING - "
sed -i 's/"open":false,"cause":"no adapter"/"open":true,"cause":""/' report
goes; comes
until_true nagios_says device 0 "OK - tokyo: ready"
until_true nagios_says console 0 "OK - sw1"
until_true nagios_says fleet 0 "OK - 1 of 1 proved"
goes
until_true nagios_says device 2 "CRITICAL - tokyo"
until_true nagios_says fleet 2 "CRITICAL - 0 of 1 proved"
comes
until_true nagios_says device 0 "OK - tokyo: ready"
systemctl stop nagios

### the package goes, and its units with it
dpkg -P oobm-relay
not systemctl is-active oobm-relay-metrics
not systemctl is-active oobm-relay-events
test "$(ls -d /etc/systemd/system/*/*oobm* /var/lib/private/oobm-events /etc/oobm-relay 2>/dev/null)" = ""
