/** Starts a real OpenSSH server on 127.0.0.1 as the current user: no root, no system account, no port 22. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { readProcessStat } from '../runtime/process-stat.ts'
import { freePort } from './free-port.ts'
import { type KeyPair, makeKey } from './make-key.ts'
import { type Program, runProgram, startProgram } from './run-program.ts'
import { waitFor } from './wait-for.ts'

export interface SshdOptions {
  /** For its host key and configuration; used by nothing else. */
  directory: string
  port?: number
  hostKey?: KeyPair
  /** More sshd_config lines. They come first, and sshd takes the first value of a keyword. */
  config?: string[]
  /** Absolute paths. */
  authorizedKeys: string[]
  /** Keeps sshd's default for MaxStartups, or the value in `config`; otherwise it is much higher. */
  maxStartups?: 'default'
  /** A program to run sshd under, such as `['unshare', '-m']`. */
  under?: string[]
}

export interface Sshd {
  readonly port: number
  /** The only account that can log in: the current user. */
  readonly user: string
  readonly hostKey: KeyPair
  readonly configFile: string
  readonly program: Program
  log(): string
  /** Process ids of all processes below this sshd: the sessions, and what runs in them. */
  descendants(): Promise<number[]>
  stop(): Promise<void>
}

/** Starts sshd, and returns when it accepts connections. */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const { directory, authorizedKeys } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // sshd run by root requires this folder; where systemd runs, the package's unit makes it.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKey = options.hostKey ?? (await makeKey(directory, 'host_key'))
  const port = options.port ?? (await freePort())
  const configFile = join(directory, 'sshd_config')
  const sshd = await sshdPath()
  const lines = [
    ...(options.config ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey.path}`,
    `AuthorizedKeysFile ${authorizedKeys.join(' ')}`,
    'PidFile none',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PrintMotd no',
    'LogLevel VERBOSE',
    // The checkout may be below a folder that others can write to, such as /tmp.
    'StrictModes no',
    // sshd 9.2 takes the last value of this keyword, not the first.
    ...(options.maxStartups ? [] : ['MaxStartups 100:30:200']),
    ...(await withoutPenalties(sshd)),
    'Subsystem sftp internal-sftp',
    // bash(1) reads ~/.bashrc in a command that sshd runs, unless SHLVL says that it is not the outermost shell. The
    // user's file must not change what a lab shows.
    'SetEnv SHLVL=1',
  ]
  await writeFile(configFile, `${lines.join('\n')}\n`)
  const [command = sshd, ...rest] = [...(options.under ?? []), sshd, '-D', '-e', '-f', configFile]
  const program = startProgram(command, rest)
  await program.says(/Server listening on 127\.0\.0\.1/)
  return {
    port,
    user: userInfo().username,
    hostKey,
    configFile,
    program,
    log: program.output,
    descendants: () => descendantsOf(program.pid),
    stop: async () => {
      const pids = await descendantsOf(program.pid)
      await program.stop()
      for (const pid of pids) signalProcess(pid, 'SIGKILL')
      await waitFor('the sessions of sshd to end', async () => (await Promise.all(pids.map(isAlive))).every(no => !no))
    },
  }
}

/** Sends a signal; false when there is no such process. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Whether a process runs. A zombie counts as dead: it only waits for its parent to read its exit code. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readProcessStat(pid)
  return stat !== undefined && stat.state !== 'Z'
}

/** All running processes below `pid`, nearest first. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const entry of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const stat = await readProcessStat(entry)
    if (stat !== undefined && stat.state !== 'Z') parents.set(Number(entry), stat.parent)
  }
  const found: number[] = []
  for (let level = [pid]; level.length > 0; ) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([child]) => child)
    found.push(...level)
  }
  return found
}

/**
 * All connections of a lab come from 127.0.0.1, so after one failed login sshd would refuse the others (OpenSSH 9.8 and
 * later, PerSourcePenalties in sshd_config(5)).
 */
async function withoutPenalties(sshd: string): Promise<string[]> {
  // Before 9.4, -V is an unknown option, and sshd prints its version above the usage.
  const { stderr } = await runProgram(sshd, ['-V'])
  const [, major, minor] = (/OpenSSH_(\d+)\.(\d+)/.exec(stderr) ?? []).map(Number)
  if (major === undefined || minor === undefined) throw new Error(`cannot read the version of sshd: ${stderr}`)
  return major > 9 || (major === 9 && minor >= 8) ? ['PerSourcePenalties no'] : []
}

async function sshdPath(): Promise<string> {
  const { stdout } = await runProgram('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin command -v sshd'])
  if (stdout.trim() === '') throw new Error('sshd is not installed: apt-get install openssh-server')
  return stdout.trim()
}
