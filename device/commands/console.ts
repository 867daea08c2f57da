/** `oobm console`: the consoles from the device's own shell, through the bridge's SSH port and the real ssh. */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { usageError } from '../../cli/command.ts'
import { runSsh, SSH_FAILED, sshSettings } from '../../cli/ssh.ts'
import { ACCOUNT_ADDRESS, ANY_CONSOLE, BRIDGE_KNOWN_HOSTS } from '../../formats/bridge-login.ts'
import { consoleRuntimeDirectory } from '../../formats/directories.ts'
import { EXEC_COMMANDS, EXEC_NAMES, type ExecCommandName, entryOf } from '../../formats/exec-commands.ts'
import { execOutputOf } from '../../formats/exec-outputs.ts'
import { argumentProblem } from '../../formats/parse-exec.ts'
import { quoteWord } from '../../formats/split-line.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Command, type CommandInput, defineCommand } from '../command.ts'
import { readConsoleBridge } from '../daemons/read-daemon.ts'
import { consoleAdapters } from './console-adapters.ts'
import { consoleName } from './console-name.ts'

/** They show what the target says as it is, and take keys. */
const ON_TERMINAL = new Set<ExecCommandName>(['attach', 'watch', 'recordings play'])

const NAME = { value: 'NAME', isOptional: true, help: 'the console; not needed where there is only one' } as const

export const consoleCommand = defineCommand({
  summary: 'use the serial consoles of this device from its own shell',
  commands: {
    ...commandsBelow(EXEC_NAMES.filter(name => EXEC_COMMANDS[name].access !== 'device' && name !== 'help')),
    adapters: consoleAdapters,
    name: consoleName,
  },
})

/** `recordings play` is the command `play` below `recordings`. */
function commandsBelow(names: readonly ExecCommandName[]): Record<string, Command> {
  const commands: Record<string, Command> = {}
  for (const name of names) {
    const [first = '', second] = name.split(' ')
    if (second === undefined) {
      commands[first] = commandOf(name)
      continue
    }
    const below = names.filter(other => other.startsWith(`${first} `))
    commands[first] ??= defineCommand({
      summary: below.map(other => entryOf(other).help).join('; '),
      commands: Object.fromEntries(below.map(other => [other.slice(first.length + 1), commandOf(other)])),
    })
  }
  return commands
}

/** The command of the bridge, for people on this device. */
function commandOf(name: ExecCommandName): Command {
  const { help, arguments: values = [], options = {}, rest, onConsole } = entryOf(name)
  const json = execOutputOf(name)
  const pick = ({ value, help }: { value?: string; help: string }) => ({ ...(value !== undefined && { value }), help })
  return defineCommand({
    summary: help,
    ...(json && { json }),
    arguments: [
      ...(onConsole ? [NAME] : []),
      ...values.map(({ isOptional, isRepeated, ...entry }) => ({
        ...pick(entry),
        ...(isOptional && { isOptional }),
        ...(isRepeated && { isRepeated }),
      })),
      ...(rest ? [{ value: rest.value, isOptional: true, isRepeated: true, help: `after "--": ${rest.help}` }] : []),
    ],
    options: Object.fromEntries(Object.entries(options).map(([option, entry]) => [option, pick(entry)])),
    run: input => {
      const { login, line } = lineOf(name, input)
      return runAtBridge(input, login, name, line)
    },
  })
}

/**
 * @returns the login name at the bridge, and the line that the bridge reads
 * @throws UsageError
 */
export function lineOf(
  name: ExecCommandName,
  { args, positionals, values }: Pick<CommandInput, 'args' | 'positionals' | 'values'>,
): { login: string; line: string } {
  const terminator = args.indexOf('--')
  const rest = terminator < 0 ? [] : args.slice(terminator + 1)
  const { login, words } = requestOf(name, positionals.slice(0, positionals.length - rest.length))
  const options = Object.keys(entryOf(name).options ?? {}).flatMap(option => {
    const value = values[option]
    if (value === undefined || value === false) return []
    return [value === true ? `--${option}` : `--${option}=${value}`]
  })
  const head = [name, ...[...options, ...words].map(quoteWord)].join(' ')
  return { login, line: terminator < 0 ? head : `${head} -- ${rest.join(' ')}` }
}

function requestOf(name: ExecCommandName, positionals: string[]): { login: string; words: string[] } {
  // The only console needs no name: `oobm console break 500`.
  if (argumentProblem(name, positionals) === undefined) return { login: ANY_CONSOLE, words: positionals }
  const [login = ANY_CONSOLE, ...words] = positionals
  const problem = argumentProblem(name, words)
  return problem === undefined ? { login, words } : usageError(problem)
}

async function runAtBridge(
  { env, signal }: CommandInput,
  login: string,
  name: ExecCommandName,
  line: string,
): Promise<number> {
  const reading = await readConsoleBridge(env)
  if (!reading.running) {
    throw notRunning(reading.problem)
  }
  const hosts = join(consoleRuntimeDirectory(env), BRIDGE_KNOWN_HOSTS)
  const { code = EXIT.failed } = await runSsh(sshArguments({ login, name, line, port: reading.status.port, hosts }), {
    signal,
  })
  if (code !== SSH_FAILED) return code
  throw await sshFailure(env, reading.status.pid)
}

function notRunning(problem: string): UserError {
  return new UserError(`${problem}\nRestart it with: sudo systemctl restart oobm-console`, EXIT.unavailable)
}

/**
 * ssh ends with the same code whether it was refused or lost its connection.
 * @param pid of the bridge that was asked
 */
async function sshFailure(env: NodeJS.ProcessEnv, pid: number): Promise<UserError> {
  const now = await readConsoleBridge(env)
  if (!now.running) return notRunning(now.problem)
  if (now.status.pid !== pid)
    return new UserError('the console bridge was restarted meanwhile: run the command again', EXIT.unavailable)
  // Root is never refused.
  if (process.getuid?.() === 0)
    return new UserError(
      'the connection to the console bridge failed or was closed, as it may be while the device is very busy: run the command again. See: journalctl -u oobm-console',
      EXIT.unavailable,
    )
  return new UserError(
    `the console bridge does not accept the account ${accountName()}. It accepts root and the technicians’ own accounts: log in with yours, or use sudo`,
    EXIT.failed,
  )
}

interface BridgeCall {
  login: string
  name: ExecCommandName
  line: string
  port: number
  /** The file of the bridge's host key. */
  hosts: string
}

/** No key: the account says who it is. */
function sshArguments({ login, name, line, port, hosts }: BridgeCall): string[] {
  const settings = sshSettings({
    BindAddress: ACCOUNT_ADDRESS,
    PubkeyAuthentication: 'no',
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    LogLevel: 'ERROR',
    ControlPath: 'none',
    UserKnownHostsFile: hosts,
    GlobalKnownHostsFile: 'none',
    // From OpenSSH 10.1 on, the client warns of a server without a post-quantum key exchange; this one is on loopback.
    IgnoreUnknown: 'WarnWeakCrypto',
    WarnWeakCrypto: 'no-pq-kex',
    // It costs the bridge the least, which takes what the client has first.
    Ciphers: '^aes128-gcm@openssh.com',
  })
  const terminal = ON_TERMINAL.has(name) && process.stdin.isTTY ? ['-t'] : []
  const how = ['-F', 'none', '-p', String(port), ...settings, ...terminal]
  // After `--` and `-l`, nothing in a console's name can be read as an option.
  return [...how, '-l', login, '--', '127.0.0.1', line]
}

function accountName(): string {
  try {
    return `"${userInfo().username}"`
  } catch {
    // An account that was removed while it was in use.
    return `uid ${process.getuid?.()}`
  }
}
