/** `oobm doctor` on boards whose sysfs, procfs and kernel log are recorded in folders. */
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { boardChecks } from './board-checks.ts'
import { runChecks } from './finding.ts'

const test = suite('doctor of a board')
const NOW = Date.UTC(2026, 10, 26, 2)

/** A Pi 3 with a card that is well. */
const PI = {
  'proc/net/route':
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\neth0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t0002000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n',
  'proc/net/ipv6_route': `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 00000001 00000000 00200200       lo\n`,
  'run/systemd/timesync/synchronized': '',
  'sys/fs/ext4/features/lazy_itable_init': 'supported',
  'sys/fs/ext4/mmcblk0p3/errors_count': '0\n',
  'sys/fs/ext4/mmcblk0p3/lifetime_write_kbytes': '43411512\n',
  'sys/block/mmcblk0/device/name': 'SC16G\n',
  'sys/block/mmcblk0p3/device/name': 'no card of its own\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '52616\n',
  'sys/class/hwmon/hwmon1/name': 'rpi_volt\n',
  'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '0\n',
  'dev/kmsg': '6,1,0,-;Booting Linux\n6,2,9,-;usb 1-1.2: reset full-speed USB device number 4 using dwc_otg\n',
  'usr/lib/modules/6.12.47-rpi-v8/modules.dep': '',
  'usr/lib/modules/6.12.47-rpi-v7/modules.dep': '',
  'facts/generation': '0',
}

const WELL = [
  'routes ok eth0, metric 100',
  'clock source ok set by NTP, at last 20 min ago',
  'file system mmcblk0p3 ok 41 GiB were written to it',
  'temperature ok 53 °C',
  'power ok the voltage is high enough',
  'kernel ok 6.12.47-rpi-v8; of the card image: for a newer one, flash a newer image',
]

test('says what a board tells, and nothing of what it does not', async context => {
  assert.equal(await findingsOn(context, PI), WELL)
  assert.equal(await findingsOn(context, { 'etc/hostname': 'a PC' }), [])
})

for (const [name, files, expected] of [
  ['no default route', { 'proc/net/route': 'Iface\tDestination\n' }, /^routes warning no way out of the local network/],
  [
    'two of one metric',
    {
      'proc/net/route': `${PI['proc/net/route']}wlan0\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`,
    },
    /^routes warning two ways out have the same metric, .*eth0, metric 100; wlan0, metric 100/,
  ],
  [
    'a default route of IPv6',
    {
      'proc/net/ipv6_route': `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fe80${'0'.repeat(28)} 00000400 00000001 00000000 00000003     eth0\n`,
    },
    /^routes ok eth0, metric 100; eth0 \(IPv6\), metric 1024$/,
  ],
  [
    'a proxy',
    { 'etc/environment': 'https_proxy="http://me:secret@proxy:3128/"\n' },
    /^proxy ok .*https_proxy=http:\/\/…@proxy:3128\/$/,
  ],
  ['a clock that was never set', { 'run/systemd/timesync/synchronized': null }, /^clock source warning no NTP server/],
  [
    'a file system with errors',
    { 'sys/fs/ext4/mmcblk0p3/errors_count': '3\n', 'sys/fs/ext4/mmcblk0p3/last_error_func': 'ext4_lookup\n' },
    /^file system mmcblk0p3 wrong 3 errors were found in it \(the last in ext4_lookup\); 41 GiB/,
  ],
  [
    'a card that is half used',
    { 'sys/block/mmcblk0/device/life_time': '0x05 0x03\n', 'sys/block/mmcblk0/device/pre_eol_info': '0x01\n' },
    /^card mmcblk0 ok SC16G, 40 to 50 % of its life are used$/,
  ],
  [
    'a card that is worn',
    { 'sys/block/mmcblk0/device/life_time': '0x01 0x0b\n', 'sys/block/mmcblk0/device/pre_eol_info': '0x02\n' },
    /^card mmcblk0 wrong SC16G, its estimated life is over, 80 % of its spare blocks are used/,
  ],
  [
    'a hot board',
    { 'sys/class/thermal/thermal_zone0/temp': '81200\n' },
    /^temperature warning 81 °C: the board slows down/,
  ],
  ['a weak supply', { 'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n' }, /^power wrong the voltage is too low now/],
  [
    'a supply that was weak, by the register',
    { 'sys/devices/platform/soc/soc:firmware/get_throttled': '50000\n' },
    /^power warning the voltage was too low since the start/,
  ],
  [
    'a cable that comes loose',
    { 'dev/kmsg': '6,2,9,-;usb 1-1.2: reset full-speed USB device number 4 using dwc_otg\n'.repeat(14) },
    /^USB 1-1\.2 warning the kernel reset it 14 times/,
  ],
  [
    'a port that takes too much',
    { 'dev/kmsg': '3,2,9,-;usb usb1-port2: over-current condition\n' },
    /^USB power wrong/,
  ],
  [
    'a card that fails',
    { 'dev/kmsg': '3,2,9,-;I/O error, dev mmcblk0, sector 5 op 0x1:(WRITE)\n' },
    /^card wrong 1 reads or writes failed/,
  ],
  [
    'a kernel of another image',
    { 'usr/lib/modules/6.12.47-rpi-v8/modules.dep': null, 'usr/lib/modules/6.18.1-rpi-v8/modules.dep': '' },
    /^kernel wrong 6\.12\.47-rpi-v8 runs, and there are modules for 6\.18\.1-rpi-v8 only/,
  ],
  [
    'a kernel that waits for a restart, where apt brings kernels',
    { 'facts/generation': null, 'usr/lib/modules/6.12.101-rpi-v8/modules.dep': '' },
    /^kernel warning 6\.12\.47-rpi-v8 runs, and 6\.12\.101-rpi-v8 is installed/,
  ],
] as const) {
  test(`tells of ${name}`, async context => {
    const findings = await findingsOn(context, { ...PI, ...files })
    assert.ok(
      findings.some(line => expected.test(line)),
      findings.join('\n'),
    )
    assert.not.match(findings.join('\n'), /secret/)
  })
}

async function findingsOn(context: TestContext, files: Record<string, string | null>): Promise<string[]> {
  const root = await scratchDirectory(context)
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path)
    if (text === null) continue
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    if (path.endsWith('/synchronized')) await utimes(file, NOW / 1000 - 1200, NOW / 1000 - 1200)
  }
  if (files['run/systemd/timesync/synchronized'] === null)
    await mkdir(join(root, 'run/systemd/timesync'), { recursive: true })
  const env = {
    ...{ OOBM_ROOT: root, OOBM_SYSFS: join(root, 'sys'), OOBM_DEV: join(root, 'dev') },
    ...{ OOBM_FACTS: join(root, 'facts'), OOBM_KERNEL: '6.12.47-rpi-v8' },
  }
  const found = await runChecks(boardChecks(env, NOW), 60_000, context.signal)
  assert.ok(found.every(({ result, remedy }) => result === 'ok' || remedy !== ''))
  return found.map(({ what, result, detail }) => `${what} ${result} ${detail}`)
}

test.run()
