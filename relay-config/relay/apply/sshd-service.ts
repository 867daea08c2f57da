/** Runs the relay's own sshd: under systemd, or without it as a daemon with a pid file. */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Sshd } from '../dedicated/desired-relay.ts'
import { sshdFeaturesOf } from '../dedicated/relay-sshd-config.ts'
import { UNIT } from '../dedicated/unit.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { ignoreMissing } from './durable.ts'
import { askTool, runTool } from './run-tool.ts'

/** Milliseconds in which sshd on a busy machine must have read a new configuration. */
export const READY_MS = 20_000

export interface SshdService {
  isRunning(): Promise<boolean>
  /**
   * Starts or reloads it, and returns when it answers on `port`. Sessions continue.
   * @param act what starts or reloads it, in another way
   */
  reload(port: number, act?: () => Promise<void>): Promise<void>
  /** Ends the daemon, not the sessions. */
  stop(): Promise<void>
}

/** @param withoutSystemd for containers and tests: something else then starts it at boot */
export function sshdService(paths: RelayPaths, sshd: string, withoutSystemd: boolean): SshdService {
  if (!withoutSystemd && !existsSync('/run/systemd/system')) {
    const advice = `with --no-systemd it runs as a daemon, and you must start it at boot: ${sshd} -f ${paths.sshdConfig}`
    throw new UserError(`systemd does not run here; ${advice}`, EXIT.unavailable)
  }
  const isRunning = async () => (await runningPid(paths)) !== undefined
  const signalOrStart = async () => {
    const pid = await runningPid(paths)
    if (withoutSystemd) {
      if (pid === undefined) await runTool(sshd, ['-f', paths.sshdConfig])
      else process.kill(pid, 'SIGHUP')
      return
    }
    await runTool('systemctl', ['daemon-reload'])
    await runTool('systemctl', ['enable', '--quiet', UNIT])
    await runTool('systemctl', [pid === undefined ? 'restart' : 'reload', UNIT])
  }
  return {
    isRunning,
    reload: async (port, act = signalOrStart) => {
      const before = await pidFileTime(paths)
      await act()
      await untilReady(paths, port, before)
    },
    stop: async () => {
      const pid = await runningPid(paths)
      if (!withoutSystemd) {
        await askTool('systemctl', ['disable', '--quiet', '--now', UNIT])
        return
      }
      if (pid === undefined) return
      process.kill(pid, 'SIGTERM')
      for (let tries = 0; tries < 200 && (await isRunning()); tries++) await delay(50)
    },
  }
}

/** The process of the pid file, if it is an sshd with our configuration: the number may belong to another process by now. */
async function runningPid({ pidFile, sshdConfig }: RelayPaths): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(ignoreMissing))
  if (!(pid > 1)) return undefined
  const args = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
  return args.includes(sshdConfig) ? pid : undefined
}

async function pidFileTime({ pidFile }: RelayPaths): Promise<bigint | undefined> {
  return stat(pidFile, { bigint: true }).then(({ mtimeNs }) => mtimeNs, ignoreMissing)
}

/** sshd writes its pid file again when it listens again; then its banner must arrive. */
async function untilReady(paths: RelayPaths, port: number, before: bigint | undefined): Promise<void> {
  const deadlineMs = Date.now() + READY_MS
  while (Date.now() < deadlineMs) {
    const now = await pidFileTime(paths)
    if (now !== undefined && now !== before && (await runningPid(paths)) !== undefined && (await answers(port))) return
    await delay(50)
  }
  throw new UserError(
    `the relay's sshd does not answer on port ${port}: is the port taken? Its log is in the journal (facility auth)`,
    EXIT.unavailable,
  )
}

/** Whether an SSH server answers on this port of the host itself. */
export function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 5_000 })
    const end = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.once('data', data => end(data.toString('latin1').startsWith('SSH-2.0-')))
    socket
      .once('error', () => end(false))
      .once('close', () => end(false))
      .once('timeout', () => end(false))
  })
}

/** Whether a server could listen on this port. */
export function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

const SSHD_FOLDER = '/run/sshd'

/** Changes nothing: afterwards sshd's own folder exists only if it did before. */
export async function lookingOnly<T>(look: () => Promise<T>): Promise<T> {
  const wasThere = existsSync(SSHD_FOLDER)
  try {
    return await look()
  } finally {
    if (!wasThere) await rmdir(SSHD_FOLDER).catch(() => {})
  }
}

/** Asks this host's sshd which settings it has. */
export async function askSshd(): Promise<Sshd> {
  const path = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find(existsSync)
  if (path === undefined) throw new UserError('sshd is missing: install the package openssh-server', EXIT.unavailable)
  // Without this folder sshd does not answer root; if no sshd of the host runs, nothing has made it since the last start.
  if (process.getuid?.() === 0) await mkdir(SSHD_FOLDER, { recursive: true, mode: 0o755 })
  const scratch = await mkdtemp(join(tmpdir(), 'oobm-sshd-'))
  try {
    // With this key, a host without keys of its own gets an answer as well. The features do not depend on settings.
    const key = join(scratch, 'key')
    await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const stdout = await runTool(path, ['-T', '-f', '/dev/null', '-h', key])
    return { path, features: sshdFeaturesOf(stdout) }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
