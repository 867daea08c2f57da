/** `oobm console`: the consoles from the device's own shell, through the bridge's SSH port and the real ssh. */
import { type ChildProcess, spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { ACCOUNT_ADDRESS } from '../../formats/account-login.ts'
import { consoleRuntimeDirectory } from '../../formats/directories.ts'
import { EXIT, type ExitCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { type Command, readArguments, usageError } from '../command.ts'
import { readConsoleBridge } from '../daemons/read-daemon.ts'

/** The login name that stands for the only console of a device, and for none in particular. */
const ANY_CONSOLE = 'console'
/** ssh's own exit code when it could not connect or log in (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255

export const consoleCommand: Command = {
  usage: 'console list | status | attach [NAME] | watch [NAME] | break [NAME] [MS] | release [NAME]',
  summary: 'the serial consoles, from this device’s own shell',
  run: async (args, { env, signal }) => {
    const { positionals } = readArguments(consoleCommand, args, {}, { min: 1, max: 3 })
    const { login, words } = readRequest(positionals)
    const reading = await readConsoleBridge(env)
    if (!reading.running) {
      throw new UserError(`${reading.problem}\nRestart it with: sudo systemctl restart oobm-console`, EXIT.unavailable)
    }
    const hosts = join(consoleRuntimeDirectory(env), 'known_hosts')
    const exitCode = await runSsh(sshArguments(login, words, reading.status.port, hosts), signal)
    if (exitCode !== SSH_FAILED) return exitCode
    throw new UserError(
      `the console bridge did not let ${accountName()} in. It knows technicians by their own account here, and root: log in with your own name, or use sudo`,
      EXIT.failed,
    )
  },
}

/** @returns the login name at the bridge, and what is said to it */
export function readRequest([word = '', ...rest]: string[]): { login: string; words: string[] } {
  const tooMuch = (count: number) => {
    if (rest.length > count) throw usageError(consoleCommand, `"${rest[count]}" is too much`)
  }
  const [name = ANY_CONSOLE, ms] = rest
  switch (word) {
    case 'list':
    case 'status':
      tooMuch(0)
      return { login: ANY_CONSOLE, words: [word] }
    case 'attach':
      tooMuch(1)
      return { login: name, words: [] }
    case 'watch':
    case 'release':
      tooMuch(1)
      return { login: name, words: [word] }
    case 'break':
      // The only console needs no name: `oobm console break 500`.
      if (ms === undefined && /^\d+$/.test(name)) return { login: ANY_CONSOLE, words: ['break', name] }
      tooMuch(2)
      return { login: name, words: ms === undefined ? ['break'] : ['break', ms] }
    default:
      throw usageError(consoleCommand, `there is no "oobm console ${word}"`)
  }
}

/** No key: the account says who it is. */
function sshArguments(login: string, words: string[], port: number, hosts: string): string[] {
  const options = [
    ...[`BindAddress=${ACCOUNT_ADDRESS}`, 'PubkeyAuthentication=no', 'BatchMode=yes'],
    ...['StrictHostKeyChecking=yes', 'LogLevel=ERROR', 'ControlPath=none'],
    ...[`UserKnownHostsFile=${hosts}`, 'GlobalKnownHostsFile=none'],
    // From OpenSSH 10.1 on the client warns about a bridge without a post-quantum key exchange: on loopback, in vain.
    ...['IgnoreUnknown=WarnWeakCrypto', 'WarnWeakCrypto=no-pq-kex'],
  ]
  const terminal = words[0] === 'watch' && process.stdin.isTTY ? ['-t'] : []
  const how = ['-F', 'none', '-p', String(port), ...options.flatMap(option => ['-o', option]), ...terminal]
  // After `--` and `-l`, nothing in a console's name can be read as an option.
  return [...how, '-l', login, '--', '127.0.0.1', ...words]
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
