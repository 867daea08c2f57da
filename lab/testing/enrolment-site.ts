/** A relay, an operator's seat and boards that get a card: all with the real programs, below one folder. */
import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SHELL_HOST_KEY_PATH } from '../../device/import/plan-import.ts'
import { ENROL_COMMAND, type EnrolmentRequest, formatRequest } from '../../formats/enrolment.ts'
import { publicKeyOf } from '../../formats/private-key.ts'
import { readStatus, supervisorStatusSchema } from '../../formats/status-file.ts'
import { readToml, stringifyToml } from '../../formats/toml-file.ts'
import { freePortPair, freePorts } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { signalProcess, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { OWN_GROUP } from '../daemon.ts'
import { prepareUnit } from '../prepare-unit.ts'
import { settingsUnits } from '../settings-units.ts'

export const PATIENCE = { timeoutMs: 120_000 }
const INTERVALS = { keepaliveS: 3, probeS: 10, selftestS: 60, timeoutS: 20, backoffMaxS: 4, slowRetryS: 5, stableS: 5 }

export type Site = Awaited<ReturnType<typeof startSite>>

export async function startSite(context: TestContext) {
  const root = await scratchDirectory(context)
  const at = (...path: string[]) => join(root, ...path)
  const built = await runProgram(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, '../../tools/bundle.ts'), at('build')],
    { cwd: join(import.meta.dirname, '../..'), timeoutMs: 240_000 },
  )
  assert.is(built.code, 0, built.stderr)
  const program = (name: string) => at('build/lib', `${name}.cjs`)
  const [relayPort = 0, shellPort = 0, bridgePort = 0] = await freePorts(3)
  await mkdir(at('relay'))
  const [hostKey, signer] = [await makeKey(root, 'relay-host'), await makeKey(root, 'signer')]
  const relay = {
    ...{ name: 'lab', host: '127.0.0.1', port: relayPort, user: userInfo().username, directory: at('relay/oobm') },
    hostKeys: [hostKey.publicKey],
  }
  await writeFile(
    at('fleet.toml'),
    stringifyToml({
      version: 1,
      relays: [relay],
      settings: { signers: [signer.publicKey], key: 'signer' },
    }),
  )
  const env = { OOBM_FLEET: at('fleet.toml') }
  const seat = (...args: string[]) =>
    runProgram(process.execPath, [program('oobm-relay'), ...args], { env, ...PATIENCE })
  const operate = async (...args: string[]) => {
    const { code, stdout, stderr } = await seat(...args)
    assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  /** What the steps say that the operator is to do for a shared relay. */
  const install = async () => {
    await operate('render')
    const { code, stderr } = await runProgram('sh', [at('rendered/relay/lab/install')], { env: { HOME: at('relay') } })
    assert.is(code, 0, stderr)
    // The login's home is not this folder.
    const keys = await readFile(at('relay/.ssh/authorized_keys'), 'utf8')
    const places = `${at('relay/oobm/enrolments')} ${at('relay/.ssh/authorized_keys')}`
    await writeFile(at('relay/authorized_keys'), keys.replaceAll(/(oobm-enrol-command \S+ \d+)/g, `$1 ${places}`))
  }
  /** The entry of a device with what is at other places in this lab; `accept` then makes none. */
  const prepare = async (name: string) => {
    const device = {
      ...{ name, port: await freePortPair(), intervals: INTERVALS, selftest: { user: userInfo().username } },
      ...{ shell: { port: shellPort, hostKeyFile: at(name, SHELL_HOST_KEY_PATH) }, bridge: { port: bridgePort } },
      led: { backend: 'file', path: at(name, 'led') },
    }
    await appendFile(at('fleet.toml'), `\n${stringifyToml({ devices: [device] })}`)
  }
  const state = ['--state', at('relay/oobm')]
  const serve = async (
    name: string,
    port: number,
    key: typeof hostKey,
    authorizedKeys: string[],
    config: string[] = [],
  ) => {
    const sshd = await startSshd({ directory: at(`${name}-sshd`), port, hostKey: key, authorizedKeys, config })
    context.cleanup(() => sshd.stop())
    return sshd
  }
  const startRelay = async () => {
    await install()
    await writeFile(at('known_hosts'), `[127.0.0.1]:${relayPort} ${hostKey.publicKey}\n`)
    return serve(
      'relay',
      relayPort,
      hostKey,
      [at('relay/authorized_keys')],
      [`Include ${at('rendered/relay/lab/sshd_config')}`],
    )
  }
  const sshAs = (keyFile: string, options: string[], command: string | undefined, input = '') =>
    runProgram(
      'ssh',
      [
        ...['-F', 'none', '-i', keyFile, '-p', String(relayPort), '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'],
        ...['-o', `UserKnownHostsFile=${at('known_hosts')}`, '-o', 'LogLevel=ERROR', ...options],
        ...[`${relay.user}@127.0.0.1`, ...(command === undefined ? [] : [command])],
      ],
      { input, ...PATIENCE },
    )

  /** A board gets the card file, and is switched on for the first time. */
  const flash = async (name: string, serial: string, cardFile = at('secrets/_enrolments/tokyo/oobm.toml')) => {
    const path = (...parts: string[]) => at(name, ...parts)
    for (const folder of ['proc/device-tree', 'boot']) await mkdir(path(folder), { recursive: true })
    await writeFile(path('proc/device-tree/serial-number'), `${serial}\0`)
    // What is at other places in this lab than on a board.
    const lab = stringifyToml({
      shell: { hostKeyFile: path(SHELL_HOST_KEY_PATH) },
      led: { backend: 'file', path: path('led') },
      intervals: INTERVALS,
    })
    await writeFile(path('boot/oobm.toml'), `${await readFile(cardFile, 'utf8')}\n${lab}`)
    const boot = () =>
      runProgram(process.execPath, [program('oobm'), 'provision', '--boot', path('boot'), '--root', path()], PATIENCE)
    const booted = await boot()
    assert.is(booted.code, 0, booted.stdout + booted.stderr)
    const note = await readFile(path('boot/oobm-enrol.txt'), 'utf8')
    const secret = (file: string) => readFile(path('etc/oobm/secrets', file), 'utf8')
    const siteSecret = await secret('relay/site_secret')
    const request = async (): Promise<EnrolmentRequest> => ({
      relayKey: publicKeyOf(await secret('relay/key')) ?? '',
      bridgeHostKey: publicKeyOf(await secret('bridge/host_key')) ?? '',
      shellHostKey: publicKeyOf(await secret('shell/host_key')) ?? '',
      ...{ site: 'tokyo', board: serial, software: '0', adapters: [{ usb: '1.2', product: 'FT232R', serial: 'A1' }] },
    })
    const keyFile = path('etc/oobm/secrets/relay/enrolment_key')
    return {
      ...{ name, serial, path, boot, request, siteSecret, keyFile, note },
      fingerprint: /fingerprint: +(SHA256:\S+)/.exec(note)?.[1] ?? '',
      /** Asks as its supervisor does, with a plain ssh. */
      ask: async (text?: string) => {
        const input = text ?? formatRequest(await request(), siteSecret)
        return sshAs(keyFile, [], ENROL_COMMAND, input)
      },
      settings: async () => readToml('device.toml', await readFile(path('etc/oobm/device.toml'), 'utf8')),
      status: () => readStatus(path('run/oobm/status.json'), supervisorStatusSchema),
      /** Its supervisor and oobm-apply, for good. */
      start: () => start(name),
    }
  }

  const start = async (name: string) => {
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
    const groups: number[] = []
    for (const [command, env] of parts) {
      const [first = '', ...rest] = [...OWN_GROUP, ...command]
      const one = startProgram(first, rest, { env })
      groups.push(one.pid)
      context.cleanup(async () => {
        await one.stop(3_000)
        signalProcess(-one.pid, 'SIGKILL')
      })
      context.onFailure(() => `${name}:\n${one.output().slice(-3_000)}`)
    }
    /** As a board whose power fails: nothing says goodbye. */
    const fail = () => {
      for (const group of groups) signalProcess(-group, 'SIGKILL')
    }
    return { fail }
  }
  /** The sshd and the console bridge's place of one board: with its own host keys. */
  const openBoard = async ({ path }: { path(...parts: string[]): string }) => {
    const keyOf = async (file: string) => {
      const [from, to] = [path('etc/oobm/secrets', file), path(file.replace('/', '-'))]
      await copyFile(from, to)
      const privateKey = await readFile(to, 'utf8')
      return { path: to, privateKey, publicKey: publicKeyOf(privateKey) ?? '' }
    }
    const shell = await serve('shell', shellPort, await keyOf('shell/host_key'), [path('run/oobm/selftest.keys')])
    const bridge = await serve('bridge', bridgePort, await keyOf('bridge/host_key'), ['/nonexistent'])
    return { close: () => Promise.all([shell.stop(), bridge.stop()]) }
  }
  return { at, seat, operate, install, prepare, state, startRelay, sshAs, flash, start, openBoard, program, relayPort }
}
