/** What of `oobm … --json` no test of a command runs: that each has a schema, a measurement, the hotspot, a scan. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { commandsOf, everyCommand } from '../cli/command.ts'
import { PROGRAM } from '../device/commands/all-commands.ts'
import { assertPrinted } from '../device/testing/printed.ts'
import { networksOf, reachDocument, readAccessPoints } from '../device/wifi/scan-results.ts'
import { type HotspotSpec, hotspotSpecPath } from '../formats/hotspot.ts'
import { asciiJson } from '../runtime/printable.ts'
import { device } from '../supervisor/testing/device.ts'
import { startField } from '../supervisor/testing/field.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { deviceSchemas, schemaFiles } from './output-schemas.ts'

const test = suite('what oobm --json prints')
const SLOW = { timeoutMs: 240_000 }

test('each command of oobm with --json has a schema, and no other', () => {
  const printing = everyCommand(commandsOf(PROGRAM)).filter(
    ([, { options }]) => options !== undefined && 'json' in options,
  )
  assert.equal(
    [...deviceSchemas().keys()],
    printing.map(([path]) => path),
  )
  assert.ok(schemaFiles(deviceSchemas()).some(([name]) => name === 'wifi-scan.schema.json'))
})

test(
  'a measurement, of a real tunnel',
  async context => {
    const field = await startField(context)
    const supervisor = await field.supervisor('a')
    await supervisor.becomes('ready')
    const env = {
      RUNTIME_DIRECTORY: supervisor.runtime,
      OOBM_CONSOLE_RUNTIME_DIRECTORY: join(supervisor.runtime, 'no-bridge'),
      OOBM_CONFIG: supervisor.configFile,
    }
    const args = [...programArgs('device/main.ts'), 'doctor', '--speed', '--json', '--yes']
    const { code, stdout, stderr } = await runProgram(process.execPath, args, { env, timeoutMs: 120_000 })
    assert.ok(code === 0 || code === 1, stderr)
    assert.match(stdout, /"kind":"measured"/)
    await assertPrinted('doctor', stdout)
  },
  SLOW,
)

test(
  'the hotspot, as its supervisor says it',
  async context => {
    const { env, directory, oobm, writeStatus } = await device(context)
    env.OOBM_PROVISION_DIRECTORY = join(directory, 'provision')
    await mkdir(env.OOBM_PROVISION_DIRECTORY)
    const board = { interface: 'wlan0', ssid: 'oobm-tokyo', address: '192.168.76.1', isAlsoClient: true }
    const spec: HotspotSpec = { version: 1, ...board, automatic: true }
    await writeFile(hotspotSpecPath(env.OOBM_PROVISION_DIRECTORY, 'wlan0'), JSON.stringify(spec))
    const state = {
      ...board,
      ...{ since: null, devices: 0, problem: '', isOn: false, next: { to: 'on' as const, at: Date.now() + 300_000 } },
    }
    await writeStatus({ hotspot: state })
    const off = await oobm('hotspot', '--json')
    await writeStatus({ hotspot: { ...state, isOn: true, since: Date.now(), devices: 2, next: null } })
    const on = await oobm('hotspot', 'show', '--json')
    assert.equal([off.code, on.code], [0, 0], off.stderr + on.stderr)
    await assertPrinted('hotspot', off.stdout, on.stdout)
    await assertPrinted('hotspot show', off.stdout, on.stdout)
  },
  SLOW,
)

test('a scan, from what a radio says: hidden, no text, several bands', async () => {
  const point = (id: number, freq: number, flags: string, ssid: string) => [
    ...[`id=${id}`, `bssid=02:00:00:00:00:0${id}`, `freq=${freq}`, 'level=-60', 'age=1', `flags=${flags}`],
    `ssid=${ssid}`,
  ]
  const points = readAccessPoints([
    ...point(1, 2437, '[WPA2-PSK+SAE-CCMP][ESS]', 'B\\xc3\\xbcro'),
    ...point(2, 5180, '[WPA2-EAP-CCMP][ESS]', '\\xff\\xfe'),
    ...point(3, 5955, '[WPA2-OWE-CCMP][ESS]', ''),
    ...point(4, 2412, '[ESS]', 'Guests'),
  ])
  assert.is(points.length, 4)
  await assertPrinted('wifi scan', asciiJson(reachDocument(networksOf(points), [{ ssid: 'Büro' }])))
  await assertPrinted('wifi scan', asciiJson(reachDocument([], [])))
})

test.run()
