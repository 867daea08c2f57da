/** The real bridge as a process, with keys and a configuration, and the real OpenSSH client. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { type ConsoleStatus, consoleStatusSchema, readStatus } from '../../formats/status-file.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { freePort } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Finished, type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

export interface BridgeFiles {
  directory: string
  port: number
  env: NodeJS.ProcessEnv
  hostKey: KeyPair
  /** Of `alice` and `bob`, operators, and `olga`, an observer; `mallory` has no access. */
  keys: Record<'alice' | 'bob' | 'olga' | 'mallory', KeyPair>
}

/** The files that a bridge needs to start. */
export async function bridgeFiles(
  context: TestContext,
  consoles: DeviceConfigInput['consoles'],
  more: Partial<DeviceConfigInput> | ((keys: BridgeFiles['keys']) => Partial<DeviceConfigInput>) = {},
): Promise<BridgeFiles> {
  const directory = await scratchDirectory(context)
  const names = ['alice', 'bob', 'olga', 'mallory'] as const
  const keys = Object.fromEntries(
    await Promise.all(names.map(async name => [name, await makeKey(directory, name)] as const)),
  ) as BridgeFiles['keys']
  const hostKey = await makeKey(directory, 'bridge_host_key')
  const port = await freePort()
  const config: DeviceConfigInput = {
    version: 1,
    device: 'rack1',
    relays: [{ host: '127.0.0.1', user: 'relay', hostKeys: [hostKey.publicKey] }],
    listenerPort: 20100,
    bridge: { port, hostKey: hostKey.publicKey },
    consoles,
    technicians: [
      { name: 'alice', keys: [keys.alice.publicKey] },
      { name: 'bob', keys: [keys.bob.publicKey] },
      { name: 'olga', keys: [keys.olga.publicKey], role: 'observer', consoles: ['core-sw1'] },
    ],
    ...(typeof more === 'function' ? more(keys) : more),
  }
  await mkdir(join(directory, 'run'))
  await writeFile(join(directory, 'device.toml'), stringifyToml(config))
  await writeFile(join(directory, 'hosts'), `[127.0.0.1]:${port} ${hostKey.publicKey}\n`)
  const env = {
    OOBM_CONFIG: join(directory, 'device.toml'),
    RUNTIME_DIRECTORY: join(directory, 'run'),
    STATE_DIRECTORY: directory,
    CREDENTIALS_DIRECTORY: directory,
  }
  return { directory, port, env, hostKey, keys }
}

/** @param under a program to run it under, such as strace */
export async function startBridge(
  context: TestContext,
  { env }: Pick<BridgeFiles, 'env'>,
  under: string[] = [],
): Promise<Program> {
  const [command = process.execPath, ...args] = [...under, process.execPath, ...programArgs('console-bridge/main.ts')]
  const bridge = startProgram(command, args, { env })
  context.cleanup(() => bridge.stop(10_000))
  context.onFailure(bridge.output)
  await bridge.says(/"msg":"listening"/, 60_000)
  return bridge
}

/** Arguments of `ssh` as `who`. */
export function sshArgs(
  { directory, port }: Pick<BridgeFiles, 'directory' | 'port'>,
  who: keyof BridgeFiles['keys'],
  login: string,
  ...command: string[]
): string[] {
  const options = [`UserKnownHostsFile=${directory}/hosts`, 'BatchMode=yes', 'IdentitiesOnly=yes', 'LogLevel=ERROR']
  return [
    ...['-F', 'none', '-i', join(directory, who), '-p', String(port)],
    ...options.flatMap(option => ['-o', option]),
    `${login}@127.0.0.1`,
    ...command,
  ]
}

/** Runs an exec command. */
export function runCommand(
  files: BridgeFiles,
  who: keyof BridgeFiles['keys'],
  login: string,
  ...command: string[]
): Promise<Finished> {
  return runProgram('ssh', sshArgs(files, who, login, ...command), { timeoutMs: 30_000 })
}

export interface TechnicianTerminal extends Program {
  types(text: string): void
}

/** The OpenSSH client on a terminal, as a technician uses it. */
export function openTerminal(context: TestContext, command: string, args: string[]): TechnicianTerminal {
  const line = [command, ...args].map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const program = startProgram('script', ['-qfec', `exec ${line}`, '/dev/null'], { env: { TERM: 'dumb' } })
  context.cleanup(() => program.stop())
  context.onFailure(() => `${line}\n${program.output()}`)
  return { ...program, types: text => void program.child.stdin?.write(text) }
}

/** Waits until the status says what `probe` asks for. */
export function statusWhere(
  { env }: Pick<BridgeFiles, 'env'>,
  what: string,
  probe: (status: ConsoleStatus) => boolean,
): Promise<ConsoleStatus> {
  const path = join(env.RUNTIME_DIRECTORY as string, 'status.json')
  const look = async () => {
    const status = await readStatus(path, consoleStatusSchema)
    return status && probe(status) ? status : undefined
  }
  // An empty USB port is looked at every 20 s.
  return waitFor(`status: ${what}`, look, { timeoutMs: 60_000 })
}
