/** A relay, a device's sshd and something in the bridge's place, all real sshd, for supervisors to be started between. */
import { chmod, copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type DeviceConfigInput, deviceConfigSchema } from '../../formats/device-config.ts'
import type { State } from '../../formats/states.ts'
import { readStatus, type SupervisorStatus, supervisorStatusSchema } from '../../formats/status-file.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { freePortPair } from '../../testbed/free-port.ts'
import { childrenOf } from '../../testbed/left-behind.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, type SshdOptions, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

const REPOSITORY = join(import.meta.dirname, '../..')

export interface Field {
  directory: string
  relay: Sshd
  /** The device's own sshd. */
  shell: Sshd
  /** Stands where the console bridge listens: the supervisor looks at its host key only. */
  bridge: Sshd
  deviceKey: KeyPair
  /** The relay's authorized_keys file. */
  authorizedKeys: string
  /** The authorized_keys line of a device, as the relay is to have it. */
  keyLine(device: string, listenerPort: number, publicKey: string): string
  /** N: the shell listener; N+1 the consoles'. */
  listenerPort: number
  /** A device configuration for this field; `overrides` replace whole top-level keys. */
  config(overrides?: Partial<DeviceConfigInput>): DeviceConfigInput
  /** Starts a supervisor with directories of its own. */
  supervisor(name: string, options?: SupervisorOptions): Promise<Supervisor>
}

export interface SupervisorOptions {
  config?: Partial<DeviceConfigInput>
  /** File name → content, instead of the device's key. */
  secrets?: Record<string, string>
  /** More environment variables, as systemd would set them. */
  env?: NodeJS.ProcessEnv
}

export interface Supervisor {
  program: Program
  runtime: string
  state: string
  configFile: string
  status(): Promise<SupervisorStatus | undefined>
  /** Waits until the status has this state, and a cause that matches. */
  becomes(state: State, cause?: RegExp, timeoutMs?: number): Promise<SupervisorStatus>
  /** Waits until a self-test has succeeded after this call, whatever the state. */
  proved(): Promise<unknown>
  /** It goes without a goodbye, with all that it runs: as in a power cut, or as systemd ends a unit. */
  crash(): Promise<void>
  /** Starts another one in the same directories, with the files as they are. */
  restart(): Promise<Supervisor>
}

/** Seconds: short, so that a test sees many rounds, and long enough for a loaded machine. */
const INTERVALS = {
  keepaliveS: 1,
  probeS: 1,
  selftestS: 2,
  timeoutS: 5,
  backoffMinS: 0.2,
  backoffMaxS: 1,
  slowRetryS: 1,
  stableS: 1,
}

export interface FieldOptions {
  relay?: Partial<SshdOptions>
  /** Address at which the device finds the relay; 127.0.0.1 when left out. */
  relayHost?: string
  /** What the device's programs run under, such as `['ip', 'netns', 'exec', 'NAME']`. */
  deviceUnder?: string[]
}

export async function startField(context: TestContext, options: FieldOptions = {}): Promise<Field> {
  const directory = await scratchDirectory(context)
  const deviceKey = await makeKey(directory, 'device_key')
  const listenerPort = await freePortPair()
  const installed = join(directory, 'oobm')
  await mkdir(installed)
  await copyFile(
    join(REPOSITORY, 'relay-config/relay/forced-commands/oobm-device-command'),
    join(installed, 'oobm-device-command'),
  )
  await chmod(join(installed, 'oobm-device-command'), 0o755)
  const keyLine = (device: string, port: number, publicKey: string) => {
    const permits = [port, port + 1].flatMap(one => [
      `permitlisten="127.0.0.1:${one}"`,
      `permitopen="127.0.0.1:${one}"`,
    ])
    return `restrict,port-forwarding,${permits.join(',')},command="exec ${installed}/oobm-device-command ${device}" ${publicKey}\n`
  }
  const authorizedKeys = join(directory, 'authorized_keys')
  await writeFile(authorizedKeys, keyLine('dev1', listenerPort, deviceKey.publicKey))

  const start = async (name: string, more: SshdOptions) => {
    const sshd = await startSshd(more)
    context.cleanup(() => sshd.stop())
    context.onFailure(() => `${name}'s log:\n${sshd.log()}`)
    return sshd
  }
  const relay = await start('relay', {
    directory: join(directory, 'relay'),
    authorizedKeys: [authorizedKeys],
    config: ['AllowStreamLocalForwarding no'],
    ...options.relay,
  })
  const deviceUnder = options.deviceUnder ? { under: options.deviceUnder } : {}
  const shell = await start('shell', {
    directory: join(directory, 'shell'),
    ...deviceUnder,
    // Every supervisor of this field has its own key file.
    authorizedKeys: ['a', 'b'].map(name => join(directory, name, 'run/selftest.keys')),
  })
  const bridge = await start('bridge', {
    directory: join(directory, 'bridge'),
    authorizedKeys: ['/nonexistent'],
    ...deviceUnder,
  })

  const config = (overrides: Partial<DeviceConfigInput> = {}): DeviceConfigInput => ({
    version: 1,
    device: 'dev1',
    relays: [
      {
        host: options.relayHost ?? '127.0.0.1',
        port: relay.port,
        user: relay.user,
        hostKeys: [relay.hostKey.publicKey],
      },
    ],
    listenerPort,
    shell: { port: shell.port, hostKeyFile: `${shell.hostKey.path}.pub` },
    selftest: { user: userInfo().username },
    bridge: { port: bridge.port, hostKey: bridge.hostKey.publicKey },
    led: { backend: 'file', path: join(directory, 'led') },
    intervals: INTERVALS,
    ...overrides,
  })

  const supervisor = async (name: string, { config: overrides, secrets, env }: SupervisorOptions = {}) => {
    const place = (folder: string) => join(directory, name, folder)
    for (const folder of ['run', 'state', 'secrets']) await mkdir(place(folder), { recursive: true })
    const files = secrets ?? { relay_key: deviceKey.privateKey }
    for (const [file, text] of Object.entries(files)) await writeFile(place(`secrets/${file}`), text, { mode: 0o600 })
    const configFile = place('device.toml')
    const complete = config({ led: { backend: 'file', path: place('led') }, ...overrides })
    deviceConfigSchema.parse(complete)
    await writeFile(configFile, stringifyToml(complete))
    return runSupervisor(context, name, place, { under: options.deviceUnder ?? [], env: env ?? {} })
  }
  return { directory, relay, shell, bridge, deviceKey, authorizedKeys, keyLine, listenerPort, config, supervisor }
}

interface How {
  under: string[]
  env: NodeJS.ProcessEnv
}

async function runSupervisor(
  context: TestContext,
  name: string,
  place: (folder: string) => string,
  how: How,
): Promise<Supervisor> {
  const configFile = place('device.toml')
  const main = [process.execPath, ...programArgs('supervisor/main.ts')]
  const [command = process.execPath, ...args] = [...how.under, ...main]
  const program = startProgram(command, args, {
    cwd: REPOSITORY,
    env: {
      OOBM_CONFIG: configFile,
      RUNTIME_DIRECTORY: place('run'),
      STATE_DIRECTORY: place('state'),
      CREDENTIALS_DIRECTORY: place('secrets'),
      ...how.env,
    },
  })
  context.cleanup(() => program.stop())
  context.onFailure(() => `supervisor ${name}'s log:\n${program.output()}`)
  const status = () => readStatus(join(place('run'), 'status.json'), supervisorStatusSchema)
  return {
    program,
    runtime: place('run'),
    state: place('state'),
    configFile,
    status,
    proved: () => {
      const fromMs = Date.now()
      return waitFor('a proof', async () => {
        const last = await status()
        return last?.pid === program.pid && last.proof.attempt?.ok && (last.proof.provedAt ?? 0) >= fromMs
      })
    },
    crash: async () => {
      const children = childrenOf(program.pid)
      program.child.kill('SIGKILL')
      for (const { pid } of children) process.kill(pid, 'SIGKILL')
      await waitFor('the supervisor to be gone', program.ended)
    },
    restart: () => runSupervisor(context, name, place, how),
    becomes: async (state, cause = /./, timeoutMs = 40_000) => {
      let last: SupervisorStatus | undefined
      try {
        return await waitFor(
          `${name} to be ${state} (${cause})`,
          async () => {
            if (program.ended()) throw new Error(`the supervisor ended:\n${program.output()}`)
            last = await status()
            return last?.pid === program.pid && last.state === state && cause.test(last.cause) ? last : undefined
          },
          { timeoutMs },
        )
      } catch (err) {
        throw new Error(`${(err as Error).message}; it is ${last?.state}: ${last?.cause}`)
      }
    },
  }
}

/** Leaves a request for the supervisor, as `oobm test` and `oobm led` do. */
export async function ask({ runtime }: Supervisor, name: string, text = ''): Promise<void> {
  await writeFile(join(runtime, `.${name}`), text)
  await rename(join(runtime, `.${name}`), join(runtime, 'request', name))
}
