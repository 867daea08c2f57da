/** How fast the way of the tunnel is, measured through a real sshd with the relay's own command, and over a line of a known rate. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type SpeedResult, speedResultSchema } from '../formats/speed.ts'
import { programArgs } from '../testbed/programs.ts'
import { type Program, runProgram, startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type Field, type Supervisor, startField } from './testing/field.ts'

const test = suite('speed of the way out')
const LIMIT = { timeoutMs: 180_000 }
/** Of the modem. */
const KBIT = { up: 5_000, down: 20_000 }
const RELAY = '192.0.2.1'

/** `oobm doctor --speed` of this device. */
function speed(device: Supervisor, ...options: string[]) {
  const env = {
    RUNTIME_DIRECTORY: device.runtime,
    OOBM_CONSOLE_RUNTIME_DIRECTORY: join(device.runtime, 'no-bridge'),
    OOBM_CONFIG: device.configFile,
  }
  return runProgram(process.execPath, [...programArgs('device/main.ts'), 'doctor', '--speed', ...options], {
    env,
    timeoutMs: 120_000,
  })
}

/** A board whose only way out is a modem with 30 ms each way and a queue of 400 ms. */
async function behindModem(context: TestContext): Promise<{ field: Field; modem: Program }> {
  const hosts = { relay: `oobm-r-${process.pid}`, device: `oobm-d-${process.pid}` }
  const ip = async (...args: string[]) => {
    const { code, stderr } = await runProgram('ip', args)
    assert.is(code, 0, stderr)
  }
  for (const name of Object.values(hosts)) {
    await ip('netns', 'add', name)
    context.cleanup(() => ip('netns', 'delete', name))
    await ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  await ip('-n', hosts.relay, 'address', 'add', `${RELAY}/32`, 'dev', 'lo')
  const modem = startProgram('python3', [
    join(import.meta.dirname, '../testbed/modem.py'),
    ...[`/run/netns/${hosts.device}`, 'wwan1', '10.99.0.2/24', `/run/netns/${hosts.relay}`, 'm1', '10.99.0.1/24'],
    ...[KBIT.up, KBIT.down, 30, 400].map(String),
  ])
  context.cleanup(() => modem.stop())
  await modem.says(/^up$/m)
  await ip('-n', hosts.device, 'route', 'add', 'default', 'via', '10.99.0.1', 'dev', 'wwan1', 'metric', '50')
  const field = await startField(context, {
    relayHost: RELAY,
    relay: { under: ['ip', 'netns', 'exec', hosts.relay], config: [`ListenAddress ${RELAY}`] },
    deviceUnder: ['ip', 'netns', 'exec', hosts.device],
  })
  return { field, modem }
}

if (process.getuid?.() === 0) {
  test(
    'a modem of a known rate is measured up and down, and the tunnel answers meanwhile',
    async context => {
      const { field } = await behindModem(context)
      const device = await field.supervisor('a', { config: { uplinks: [{ interface: 'wwan1', metered: true }] } })
      await device.becomes('ready')
      const before = await readFile(device.configFile, 'utf8')
      const refused = await speed(device)
      assert.is(refused.code, 1)
      assert.match(refused.stdout, /not measured: wwan1 is metered\. .*\n.*oobm doctor --speed --metered$/m)
      const { code, stdout, stderr } = await speed(device, '--metered')
      assert.is(code, 0, stdout + stderr)
      process.stdout.write(stdout)
      const [down = 0, up = 0] = ['down', 'up'].map(way =>
        Number(new RegExp(`^${way} +(\\d+) kbit/s`, 'm').exec(stdout)?.[1]),
      )
      // A busy machine moves less than the modem would; nothing moves more.
      assert.ok(up > KBIT.up / 2 && up <= KBIT.up, stdout)
      assert.ok(down > KBIT.down / 2 && down <= KBIT.down, stdout)
      assert.match(
        stdout,
        /^ {4}interface = "wwan1"\n {4}uplink_kbit = \{ up = \d+, down = \d+ \}\nNothing was changed/m,
      )
      assert.is(await readFile(device.configFile, 'utf8'), before)
      const { relay, since } = await device.becomes('ready')
      assert.ok(relay !== null && since > 0)
    },
    LIMIT,
  )

  test(
    'a line that falls silent meanwhile ends the measurement, and nothing is said of a rate',
    async context => {
      const { field, modem } = await behindModem(context)
      const device = await field.supervisor('a')
      await device.becomes('ready')
      const asked = speed(device, '--json')
      await waitFor('the relay to send', async () => {
        const names = (await field.relay.descendants()).map(pid =>
          readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
        )
        return (await Promise.all(names)).includes('head\n')
      })
      process.kill(modem.pid, 'SIGSTOP')
      context.cleanup(() => void process.kill(modem.pid, 'SIGCONT'))
      const { code, stdout, stderr } = await asked
      assert.is(code, 1, stdout + stderr)
      const { speed: result } = JSON.parse(stdout) as { speed: SpeedResult }
      assert.is(result.outcome.kind, 'failed')
      assert.match('cause' in result.outcome ? result.outcome.cause : '', /^the tunnel (had no answer for 3 s|ended)/)
    },
    LIMIT,
  )
} else test.skip('measured over a modem', 'needs root')

test(
  'a relay whose command is older is named, with what the operator does',
  async context => {
    const field = await startField(context)
    const script = join(field.directory, 'oobm/oobm-device-command')
    const present = await readFile(script, 'utf8')
    const older = present.replace("    'speed up' | 'speed down') ;;\n", '')
    assert.is.not(older, present)
    await writeFile(script, older)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const { code, stdout } = await speed(device)
    assert.is(code, 69, stdout)
    assert.match(stdout, /not measured: the relay does not know this command\..*\n.*"oobm-relay apply"/)
    await device.program.stop()
    const gone = await speed(device)
    assert.is(gone.code, 69)
  },
  LIMIT,
)

test(
  'one at a time, and a request that is none is left alone',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a', { config: { profile: 'cellular', intervals: { keepaliveS: 1 } } })
    await device.becomes('ready')
    await writeFile(join(device.runtime, 'request/speed'), '../../etc/passwd metered\n')
    const { code, stdout } = await speed(device, '--json')
    assert.is(code, 1, stdout)
    const result = speedResultSchema.parse((JSON.parse(stdout) as { speed: unknown }).speed)
    assert.is(result.outcome.kind, 'metered')
    assert.match('cause' in result.outcome ? result.outcome.cause : '', 'profile of this device is "cellular"')
  },
  LIMIT,
)

test.run()
