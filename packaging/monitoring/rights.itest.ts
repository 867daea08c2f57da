/** Whether the units of `metrics` and `events` have the rights that they need, and programs of sinks have none of them. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startFleetRelay } from '../../relay-config/testing/fleet-relay.ts'
import { freePortPair } from '../../testbed/free-port.ts'
import { buildInto } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'

const test = suite('rights of the relay’s units')
const UNITS = join(import.meta.dirname, '../debian/units')
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups']

/** What setpriv(1) makes of the lines of a unit about rights. */
async function rightsOf(unit: string): Promise<string[]> {
  const text = await readFile(join(UNITS, unit), 'utf8')
  const settingOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? `no ${key}`
  const capability = settingOf('AmbientCapabilities').toLowerCase().replace(/^cap_/, '')
  assert.is(settingOf('CapabilityBoundingSet').toLowerCase(), `cap_${capability}`)
  return [
    `--securebits=+${settingOf('SecureBits').replaceAll('-', '_')}`,
    ...[`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`, `--bounding-set=-all,+${capability}`],
  ]
}

const READS = 'they read a state that is root’s alone, as another user; without the rights they could not'
const reads = async (context: TestContext) => {
  const directory = await scratchDirectory(context)
  const relay = await startFleetRelay({ directory: join(directory, 'r'), devices: { tokyo: await freePortPair() } })
  context.cleanup(() => relay.sshd.stop())
  await mkdir(join(relay.stateDirectory, 'tokyo'), { recursive: true })
  const fleet = join(directory, 'r/fleet.toml')
  await writeFile(fleet, relay.fleetText, { mode: 0o600 })
  const config = join(directory, 'r/events.toml')
  const told = 'grep -E "^Cap(Eff|Amb)" /proc/self/status | tr -d "\\n" >&2; exit 1'
  await writeFile(config, `version = 1\n[[sinks]]\nname = "p"\ncommand = ["sh", "-c", ${JSON.stringify(told)}]\n`, {
    mode: 0o600,
  })
  await buildInto(join(directory, 'build'))
  await chmod(directory, 0o711)
  await chmod(join(directory, 'r'), 0o700)
  const run = (rights: string[], ...args: string[]) =>
    runProgram('setpriv', [
      ...[...rights, ...NOBODY, '--', process.execPath, join(directory, 'build/lib/oobm-relay.cjs'), ...args],
      ...['--state', join(relay.stateDirectory, '..'), '--fleet', fleet],
    ])
  assert.not.equal((await run([], 'metrics')).code, 0)
  const { code, stdout, stderr } = await run(await rightsOf('oobm-relay-metrics.service'), 'metrics')
  assert.is(code, 0, stderr)
  assert.match(stdout, /^oobm_device_connected\{device="tokyo"\} 0$/m)
  const events = await run(await rightsOf('oobm-relay-events.service'), 'events', '--test', '--config', config)
  assert.match(events.stdout, /^p: not taken: exit code 1: CapEff:\S?0{16}CapAmb:\S?0{16}$/m)
}

if (process.getuid?.() === 0) test(READS, reads, { timeoutMs: 120_000 })
else test.skip(READS, 'needs root, to become somebody else')

test.run()
