/** `oobm console`: the consoles from the device's own shell, through the bridge's SSH port and the real ssh. */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { usageError } from '../../cli/command.ts'
import { runSsh, SSH_FAILED, sshSettings } from '../../cli/ssh.ts'
import { ACCOUNT_ADDRESS, ANY_CONSOLE, BRIDGE_KNOWN_HOSTS } from '../../formats/bridge-login.ts'
import { consoleRuntimeDirectory } from '../../formats/directories.ts'
import {
  EXEC_COMMANDS,
  type ExecCommandEntry,
  type ExecCommandName,
  takesArguments,
} from '../../formats/exec-commands.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Command, type CommandInput, defineCommand } from '../command.ts'
import { readConsoleBridge } from '../daemons/read-daemon.ts'

const NAME = { value: 'NAME', isOptional: true, help: 'the console; not needed where there is only one' } as const

export const consoleCommand = defineCommand({
  summary: 'use the serial consoles of this device from its own shell',
  commands: {
    attach: defineCommand({
      summary: 'open a console',
      arguments: [NAME],
      run: input => runAtBridge(input, input.positionals[0] ?? ANY_CONSOLE, []),
    }),
    ...Object.fromEntries(
      (Object.keys(EXEC_COMMANDS) as ExecCommandName[])
        .filter(name => EXEC_COMMANDS[name].access !== 'device' && name !== 'help')
        .map(name => [name, commandOf(name)]),
    ),
  },
})

/** The command of the bridge, for people on this device. */
function commandOf(name: ExecCommandName): Command {
  const { help, arguments: values = [], json, onConsole }: ExecCommandEntry = EXEC_COMMANDS[name]
  return defineCommand({
    summary: help,
    arguments: onConsole ? [NAME, ...values] : values,
    options: json ? { json: { help: 'print JSON' } } : {},
    run: input => {
      const { login, args } = requestOf(name, input.positionals)
      return runAtBridge(input, login, [name, ...args, ...(input.values.json ? ['--json'] : [])])
    },
  })
}

/**
 * @returns the login name at the bridge, and what follows the command
 * @throws UsageError
 */
export function requestOf(name: ExecCommandName, positionals: string[]): { login: string; args: string[] } {
  // The only console needs no name: `oobm console break 500`.
  if (takesArguments(name, positionals)) return { login: ANY_CONSOLE, args: positionals }
  const [login = ANY_CONSOLE, ...args] = positionals
  if (takesArguments(name, args)) return { login, args }
  return usageError(`unexpected argument "${args[0]}"`)
}

async function runAtBridge({ env, signal }: CommandInput, login: string, command: string[]): Promise<number> {
  const reading = await readConsoleBridge(env)
  if (!reading.running) {
    throw new UserError(`${reading.problem}\nRestart it with: sudo systemctl restart oobm-console`, EXIT.unavailable)
  }
  const hosts = join(consoleRuntimeDirectory(env), BRIDGE_KNOWN_HOSTS)
  const { code = EXIT.failed } = await runSsh(sshArguments(login, command, reading.status.port, hosts), { signal })
  if (code !== SSH_FAILED) return code
  throw new UserError(
    `the console bridge does not accept the account ${accountName()}. It accepts root and the technicians’ own accounts: log in with yours, or use sudo`,
    EXIT.failed,
  )
}

/** No key: the account says who it is. */
function sshArguments(login: string, command: string[], port: number, hosts: string): string[] {
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
  })
  const terminal = command[0] === 'watch' && process.stdin.isTTY ? ['-t'] : []
  const how = ['-F', 'none', '-p', String(port), ...settings, ...terminal]
  // After `--` and `-l`, nothing in a console's name can be read as an option.
  return [...how, '-l', login, '--', '127.0.0.1', ...command]
}

function accountName(): string {
  try {
    return `"${userInfo().username}"`
  } catch {
    // An account that was removed while it was in use.
    return `uid ${process.getuid?.()}`
  }
}
