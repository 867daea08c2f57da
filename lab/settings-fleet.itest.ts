/** A fleet whose relay gets another address and host key: every device follows, those that come later too, and none is lost. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SHELL_HOST_KEY_PATH } from '../device/import/plan-import.ts'
import { readStatus, supervisorStatusSchema } from '../formats/status-file.ts'
import { stringifyToml } from '../formats/toml-file.ts'
import { freePortPairs, freePorts } from '../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../testbed/make-key.ts'
import { buildInto } from '../testbed/programs.ts'
import { type Program, runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { signalProcess, startSshd } from '../testbed/sshd.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { OWN_GROUP } from './daemon.ts'
import { prepareUnit } from './prepare-unit.ts'
import { settingsUnits } from './settings-units.ts'

const test = suite('settings of a fleet')
/** `OOBM_FLEET_DEVICES=30` for a fleet as in the field: 100 MB of memory for each. */
const COUNT = Number(process.env.OOBM_FLEET_DEVICES ?? 4)
const LATER = Math.max(1, Math.floor(COUNT / 6))
const LIMIT = { timeoutMs: 280_000 + COUNT * 15_000 }
const PATIENCE = { timeoutMs: 60_000 + COUNT * 10_000 }
/** Programs that start at one time. */
const AT_ONCE = 4
const INTERVALS = { keepaliveS: 3, probeS: 10, selftestS: 60, timeoutS: 20, backoffMaxS: 4, slowRetryS: 5, stableS: 5 }

interface Place {
  host: string
  port: number
  hostKey: KeyPair
}

async function startFleet(context: TestContext) {
  const root = await scratchDirectory(context)
  const at = (...path: string[]) => join(root, ...path)
  await buildInto(at('build'))
  const program = (name: string) => at('build/lib', `${name}.cjs`)
  const [oldPort = 0, newPort = 0, shellPort = 0, bridgePort = 0] = await freePorts(4)
  const ports = await freePortPairs(COUNT)
  const names = ports.map((_, index) => `dev${index + 1}`)
  await mkdir(at('relay'))
  const [oldKey, newKey, signer] = [
    await makeKey(root, 'old'),
    await makeKey(root, 'new'),
    await makeKey(root, 'signer'),
  ]
  const places: Record<'old' | 'new', Place> = {
    old: { host: '127.0.0.1', port: oldPort, hostKey: oldKey },
    new: { host: '127.0.0.1', port: newPort, hostKey: newKey },
  }
  const writeFleet = ({ host, port, hostKey }: Place) =>
    writeFile(
      at('fleet.toml'),
      stringifyToml({
        version: 1,
        relays: [
          {
            name: 'lab',
            host,
            port,
            user: userInfo().username,
            hostKeys: [hostKey.publicKey],
            directory: at('relay/oobm'),
          },
        ],
        devices: names.map((name, index) => ({
          ...{
            name,
            port: ports[index],
            intervals: INTERVALS,
            shell: { port: shellPort, hostKeyFile: at(name, SHELL_HOST_KEY_PATH) },
          },
          ...{
            selftest: { user: userInfo().username },
            bridge: { port: bridgePort },
            led: { backend: 'file', path: at(name, 'led') },
          },
        })),
        settings: { signers: [signer.publicKey], key: 'signer' },
      }),
    )
  const run = async (command: string, args: string[], home = root) => {
    const env = { OOBM_FLEET: at('fleet.toml'), HOME: home }
    const { code, stdout, stderr } = await runProgram(command, args, { env, ...PATIENCE })
    assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const operate = (...args: string[]) => run(process.execPath, [program('oobm-relay'), ...args])
  await writeFleet(places.old)
  await operate('keys', '--all')
  // One sshd stands for the shells of all devices, and one for their bridges.
  for (const name of names.slice(1)) {
    for (const key of ['bridge_host_key', 'shell_host_key']) {
      for (const end of ['', '.pub']) await copyFile(at('secrets/dev1', key + end), at('secrets', name, key + end))
    }
  }
  await operate('render')
  await run('sh', [at('rendered/relay/lab/install')], at('relay'))
  await inTurns(names, async name => {
    await mkdir(at(name))
    await operate('issue', name, '--out', at(name, 'oobm.toml'))
    await run(process.execPath, [program('oobm'), 'import', at(name, 'oobm.toml'), '--root', at(name)])
  })
  const serve = async (name: string, port: number, hostKey: KeyPair, authorizedKeys: string[]) => {
    const config = name.startsWith('relay') ? [`Include ${at('rendered/relay/lab/sshd_config')}`] : []
    const sshd = await startSshd({ directory: at(`${name}-sshd`), port, hostKey, authorizedKeys, config })
    context.cleanup(() => sshd.stop())
    return sshd
  }
  const keyOf = async (name: string): Promise<KeyPair> => {
    const path = at('secrets/dev1', name)
    return { path, privateKey: await readFile(path, 'utf8'), publicKey: await readFile(`${path}.pub`, 'utf8') }
  }
  const oldRelay = await serve('relay-old', oldPort, oldKey, [at('relay/.ssh/authorized_keys')])
  await serve('relay-new', newPort, newKey, [at('relay/.ssh/authorized_keys')])
  await serve(
    'shell',
    shellPort,
    await keyOf('shell_host_key'),
    names.map(name => at(name, 'run/oobm/selftest.keys')),
  )
  await serve('bridge', bridgePort, await keyOf('bridge_host_key'), ['/nonexistent'])

  const start = async (name: string): Promise<Program[]> => {
    const units = {
      supervisor: await prepareUnit(at(name), 'oobm'),
      bridge: await prepareUnit(at(name), 'oobm-console'),
    }
    const { environment, restartable, apply } = await settingsUnits(at(name), at(name), units, program)
    const parts: [command: string[], env: NodeJS.ProcessEnv][] = [
      [
        restartable('oobm-supervisor', [process.execPath, program('oobm-supervisor')]),
        { ...units.supervisor, ...environment, OOBM_CONSOLE_RUNTIME_DIRECTORY: units.bridge.RUNTIME_DIRECTORY },
      ],
      [apply.command, apply.environment],
    ]
    return parts.map(([command, env]) => {
      const [first = '', ...rest] = [...OWN_GROUP, ...command]
      const one = startProgram(first, rest, { env })
      context.cleanup(async () => {
        await one.stop(3_000)
        signalProcess(-one.pid, 'SIGKILL')
      })
      context.onFailure(() => `${name}:\n${one.output().slice(-1_500)}`)
      return one
    })
  }
  const statusOf = (name: string) => readStatus(at(name, 'run/oobm/status.json'), supervisorStatusSchema)
  const ready = async (list: readonly string[], port: number) => {
    const reached = await Promise.all(
      list.map(async name => {
        const status = await statusOf(name)
        return status?.relay?.port === port && status.proof.provedAt !== null && !status.state.startsWith('no-relay')
      }),
    )
    return reached.every(Boolean)
  }
  const settings = (...args: string[]) =>
    runProgram(process.execPath, [program('oobm-relay'), 'settings', ...args, '--state', at('relay/oobm')], {
      env: { OOBM_FLEET: at('fleet.toml') },
      ...LIMIT,
    })
  return { names, places, oldRelay, writeFleet, start, ready, settings }
}

async function inTurns(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < names.length; from += AT_ONCE)
    await Promise.all(names.slice(from, from + AT_ONCE).map(work))
}

test(
  'all devices follow a relay that moves, and those that were away follow when they come',
  async context => {
    const { names, places, oldRelay, writeFleet, start, ready, settings } = await startFleet(context)
    const [there, later] = [names.slice(LATER), names.slice(0, LATER)]
    await inTurns(there, start)
    await waitFor('the fleet to be proved at the old relay', () => ready(there, places.old.port), PATIENCE)

    await writeFleet(places.new)
    const startedMs = Date.now()
    const pushed = await settings('push', '--all')
    assert.is(pushed.code, 0, pushed.stderr)
    const applied = async () => (await settings('show')).stdout.match(/serial 1 {2}applied/g)?.length
    await waitFor('those that are there to follow', async () => (await applied()) === there.length, PATIENCE)
    process.stdout.write(`${there.length} devices followed in ${Math.round((Date.now() - startedMs) / 1000)} s\n`)
    assert.is((await settings('show', '--wait', '1s')).code, 1, 'not all are there')
    assert.ok(await ready(there, places.new.port))

    await inTurns(later, start)
    const shown = await settings('show', '--wait', `${Math.round(PATIENCE.timeoutMs / 1000)}s`)
    assert.is(shown.code, 0, shown.stdout)
    assert.is(shown.stdout.match(/serial 1 {2}applied/g)?.length, names.length)
    await waitFor('all at the new relay', () => ready(names, places.new.port), PATIENCE)
    await oldRelay.stop()
    assert.match((await settings('push', '--all')).stdout, /^dev1: unchanged since its last settings/m)
  },
  LIMIT,
)

test.run()
