/** What ModemManager may see of a board's ports, by the real udev; and who may ask it something, by the real polkit. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { MODEM_MANAGER } from '../../modem/testing/modem-world.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { suite } from '../../testbed/suite.ts'
import { has } from './testing/has.ts'

const test = suite('rights around modems')
const FILES = join(import.meta.dirname, 'files/usr')
const POLKITD = '/usr/lib/polkit-1/polkitd'

/** One device below a /sys of its own: udevadm(8) would take it for no device, as it is no sysfs. */
const udevScript = (subsystem: string, name: string) => `
mount -t tmpfs none /run
mkdir /run/char && mkdir -p /dev/char && mount --bind /run/char /dev/char
device=devices/usb1/1-1/1-1:1.0/${subsystem}/${name}
mkdir -p /run/sys/$device /run/sys/class/${subsystem} /run/sys/bus /run/udev/rules.d
printf 'MAJOR=188\\nMINOR=0\\nDEVNAME=${name}\\n' >/run/sys/$device/uevent
ln -s /sys/class/${subsystem} /run/sys/$device/subsystem
ln -s ../../$device /run/sys/class/${subsystem}/${name}
cp ${FILES}/lib/udev/rules.d/60-oobm.rules /run/udev/rules.d
mount --bind /run/sys /sys
SYSTEMD_DEVICE_VERIFY_SYSFS=0 udevadm test --action=add /sys/$device`

const missingForUdev = has('udevadm') ? undefined : 'needs udevadm'
if (missingForUdev !== undefined) test.skip('no serial port is ModemManager’s', missingForUdev)
else {
  test('no serial port is ModemManager’s, whatever its driver calls it; what speaks QMI and MBIM is', async () => {
    const ports = ['ttyUSB0', 'ttyACM3', 'ttyAMA0', 'ttyS0', 'ttyXRUSB0', 'ttyGS0', 'ttySC1']
    const devices = [...ports.map(name => ['tty', name] as const), ['usbmisc', 'cdc-wdm0'] as const]
    for (const [subsystem, name] of devices) {
      const { stdout, stderr } = await runProgram('unshare', ['-m', 'sh', '-euc', udevScript(subsystem, name)])
      assert.match(stdout, `DEVNAME=/dev/${name}\n`, stderr)
      assert.is(/^ID_MM_PORT_IGNORE=1$/m.test(stdout), subsystem === 'tty', `${name}: ${stdout}`)
    }
  })
}

const BUS = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>`

/** Two users that are alike but for their names, beside our rules and the real programs. */
const polkitScript = `
mount -t tmpfs none /run
mkdir -p /run/dbus /run/rules && chmod 755 /run /run/dbus /run/rules
{ cat /etc/passwd; echo 'oobm-modem:x:991:991::/:/bin/false'; echo 'somebody:x:992:992::/:/bin/false'; } >/run/passwd
mount --bind /run/passwd /etc/passwd
install -m 644 ${FILES}/share/polkit-1/rules.d/50-oobm-modem.rules /run/rules
mount --bind /run/rules /usr/share/polkit-1/rules.d
cat >/run/bus.conf
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile >/run/bus.log 2>&1 &
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
${POLKITD} --no-debug >/run/polkit.log 2>&1 &
export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
until busctl --timeout=5 status org.freedesktop.PolicyKit1 >/dev/null 2>&1; do sleep 0.1; done
${MODEM_MANAGER} --test-session --no-auto-scan --test-no-udev --test-no-suspend-resume --test-no-qrtr >/run/mm.log 2>&1 &
until busctl --timeout=5 status org.freedesktop.ModemManager1 >/dev/null 2>&1; do sleep 0.1; done
for uid in 991 992; do
  setpriv --reuid $uid --clear-groups busctl --timeout=10 call org.freedesktop.ModemManager1 /org/freedesktop/ModemManager1 \\
    org.freedesktop.ModemManager1 ScanDevices 2>&1 | sed "s/^/$uid ScanDevices: /" || :
  setpriv --reuid $uid --clear-groups sleep 600 & process=$!
  until [ "$(stat -c %u /proc/$process)" = $uid ]; do sleep 0.1; done
  for action in org.freedesktop.ModemManager1.Control org.freedesktop.ModemManager1.Device.Control \\
    org.freedesktop.ModemManager1.Messaging org.freedesktop.network1.reload org.freedesktop.network1.set-dns-servers; do
    answer=no
    if pkcheck --action-id $action --process $process >/dev/null 2>&1; then answer=yes; fi
    echo "$uid $action: $answer"
  done
done`

const programs = [POLKITD, MODEM_MANAGER].filter(path => !existsSync(path))
const missing = programs[0] ?? ['dbus-daemon', 'busctl', 'pkcheck', 'setpriv'].find(name => !has(name))
if (missing !== undefined) test.skip('who may dial', `needs ${missing}`)
else {
  test('oobm-modem may dial and have networkd read its files again, and nothing else; others may not', async () => {
    const args = ['-m', '-p', '-f', '--mount-proc', '--kill-child', 'bash', '-euc', polkitScript]
    const { stdout, stderr } = await runProgram('unshare', args, { input: BUS, timeoutMs: 60_000 })
    const answers = stdout.trim().split('\n')
    // ModemManager takes the request, and cannot look for devices without udev.
    assert.match(answers[0] ?? '', /^991 ScanDevices: .*unsupported/, stderr)
    assert.match(answers[6] ?? '', /^992 ScanDevices: .*not authorized/, stderr)
    const of = (uid: number) =>
      answers.filter(line => line.startsWith(`${uid} org.`)).map(line => line.slice(line.indexOf(':') + 2))
    assert.equal(of(991), ['yes', 'yes', 'no', 'yes', 'no'])
    assert.equal(of(992), ['no', 'no', 'no', 'no', 'no'])
  })
}

test.run()
