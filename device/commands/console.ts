/** `oobm console`: the consoles from the device's own shell, through the bridge's SSH port and the real ssh. */
import { type ChildProcess, spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { ACCOUNT_ADDRESS, ANY_CONSOLE, BRIDGE_KNOWN_HOSTS } from '../../formats/bridge-login.ts'
import { consoleRuntimeDirectory } from '../../formats/directories.ts'
import {
  EXEC_COMMANDS,
  type ExecCommandName,
  isExecCommand,
  takesArguments,
  usageOf,
} from '../../formats/exec-commands.ts'
import { EXIT, type ExitCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { type Command, usageError } from '../command.ts'
import { readConsoleBridge } from '../daemons/read-daemon.ts'

/** Those of the bridge that are for people on this device, and the session itself. */
const COMMANDS: readonly string[] = [
  'attach',
  ...(Object.keys(EXEC_COMMANDS) as ExecCommandName[]).filter(
    name => EXEC_COMMANDS[name].access !== 'device' && name !== 'help',
  ),
]
/** ssh's own exit code when it could not connect or log in (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255

export const consoleCommand: Command = {
  usage: `console ${COMMANDS.map(usage).join(' | ')}`,
  summary: 'the serial consoles, from this device’s own shell',
  run: async (args, { env, signal }) => {
    const { login, command } = readRequest(args)
    const reading = await readConsoleBridge(env)
    if (!reading.running) {
      throw new UserError(`${reading.problem}\nRestart it with: sudo systemctl restart oobm-console`, EXIT.unavailable)
    }
    const hosts = join(consoleRuntimeDirectory(env), BRIDGE_KNOWN_HOSTS)
    const exitCode = await runSsh(sshArguments(login, command, reading.status.port, hosts), signal)
    if (exitCode !== SSH_FAILED) return exitCode
    throw new UserError(
      `the console bridge did not let ${accountName()} in. It knows technicians by their own account here, and root: log in with your own name, or use sudo`,
      EXIT.failed,
    )
  },
}

/**
 * @returns the login name at the bridge, and the command that it executes
 * @throws UserError with the usage
 */
export function readRequest([name = '', ...rest]: string[]): { login: string; command: string[] } {
  if (!COMMANDS.includes(name)) {
    throw usageError(consoleCommand, name === '' ? 'no command given' : `unknown command "${name}"`)
  }
  const command = isExecCommand(name) ? name : undefined
  const takes = (args: string[]) => (command ? takesArguments(command, args) : args.length === 0)
  const execute = command ? [command] : []
  // The only console needs no name: `oobm console break 500`.
  if (takes(rest)) return { login: ANY_CONSOLE, command: [...execute, ...rest] }
  const [login = '', ...args] = rest
  const isNamed = (!command || EXEC_COMMANDS[command].onConsole) && !login.startsWith('-')
  if (isNamed && takes(args)) return { login, command: [...execute, ...args] }
  throw usageError(consoleCommand, `unexpected argument "${isNamed ? args[0] : login}"`)
}

function usage(name: string): string {
  if (!isExecCommand(name)) return `${name} [NAME]`
  return usageOf(name, EXEC_COMMANDS[name].onConsole ? ' [NAME]' : '')
}

/** No key: the account says who it is. */
function sshArguments(login: string, command: string[], port: number, hosts: string): string[] {
  const options = [
    ...[`BindAddress=${ACCOUNT_ADDRESS}`, 'PubkeyAuthentication=no', 'BatchMode=yes'],
    ...['StrictHostKeyChecking=yes', 'LogLevel=ERROR', 'ControlPath=none'],
    ...[`UserKnownHostsFile=${hosts}`, 'GlobalKnownHostsFile=none'],
    // From OpenSSH 10.1 on the client warns about a bridge without a post-quantum key exchange: on loopback, in vain.
    ...['IgnoreUnknown=WarnWeakCrypto', 'WarnWeakCrypto=no-pq-kex'],
  ]
  const terminal = command[0] === 'watch' && process.stdin.isTTY ? ['-t'] : []
  const how = ['-F', 'none', '-p', String(port), ...options.flatMap(option => ['-o', option]), ...terminal]
  // After `--` and `-l`, nothing in a console's name can be read as an option.
  return [...how, '-l', login, '--', '127.0.0.1', ...command]
}

/** ssh gets this terminal as it is; Node has no exec(2) before version 22.15. */
async function runSsh(args: string[], signal: AbortSignal): Promise<ExitCode | typeof SSH_FAILED> {
  const child: ChildProcess = spawn('ssh', args, { stdio: 'inherit', signal })
  return new Promise((resolve, reject) => {
    child.once('error', err => {
      if (signal.aborted) return resolve(EXIT.failed)
      reject(new UserError(`ssh cannot be run: ${errorMessage(err)}; install openssh-client`, EXIT.unavailable))
    })
    child.once('exit', code => resolve((code ?? EXIT.failed) as ExitCode))
  })
}

function accountName(): string {
  try {
    return `"${userInfo().username}"`
  } catch {
    // An account that was removed while it was in use.
    return `uid ${process.getuid?.()}`
  }
}
