/** Runs programs of the host: useradd, sshd, nft, systemctl. */
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'

/** Not everybody has sbin in their path, and sudo may set another. */
const TOOL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Milliseconds: systemd gives a service 90 s to start or to stop (systemd-system.conf(5)). */
const TOOL_MS = 120_000

const PACKAGES: Record<string, string> = {
  nft: 'nftables',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
  useradd: 'passwd',
  diff: 'diffutils',
}

export interface Answer {
  code: number | undefined
  stdout: string
  stderr: string
}

interface ToolOptions {
  /** In a session of its own, which a signal to this process or its terminal does not reach. */
  detached?: boolean
  env?: NodeJS.ProcessEnv
}

/** @throws UserError when there is no such program */
export async function askTool(command: string, args: string[], input = '', options: ToolOptions = {}): Promise<Answer> {
  try {
    const { stdout, stderr } = await spawn(command, args, {
      ...options,
      env: { PATH: TOOL_PATH, LC_ALL: 'C', ...options.env },
      stdin: { string: input },
      timeout: TOOL_MS,
    })
    return { code: 0, stdout, stderr }
  } catch (err) {
    if (!(err instanceof SubprocessError)) throw err
    if (errorCode(err.cause) === 'ENOENT') {
      const advice = `install the package ${PACKAGES[command] ?? command}`
      throw new UserError(`cannot run ${command}: ${advice}`, EXIT.unavailable, { cause: err })
    }
    return { code: err.exitCode, stdout: err.stdout, stderr: err.stderr }
  }
}

/** @throws UserError with its output, when it fails */
export async function runTool(command: string, args: string[], input = '', options?: ToolOptions): Promise<string> {
  const { code, stdout, stderr } = await askTool(command, args, input, options)
  if (code === 0) return stdout
  throw new UserError(
    `${command} ${args.join(' ')} failed (${code ?? `killed, or not finished after ${TOOL_MS / 1000} s`}): ${stderr.trim() || stdout.trim()}`,
  )
}
