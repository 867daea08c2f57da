/** A device's connections to this relay, as oobm-device-command recorded them, and how they are ended. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../../../runtime/errors.ts'
import { readProcessStat } from '../../../runtime/process-stat.ts'
import { type KnownFiles, readUnchanged } from './read-unchanged.ts'
import type { StatePaths } from './state-paths.ts'

export interface DeviceSession {
  /** The sshd process that serves the connection. */
  pid: number
  /** Clock ticks since the boot at which that process was started: distinguishes it from a later one with the same number. */
  start: string
}

/** A session that claimed. */
export interface ClaimedSession extends DeviceSession {
  /** Its connection, as sshd had it in $SSH_CONNECTION; undefined in a record of an older version. */
  connection: SshConnection | undefined
}

/** The two ends of an SSH connection, as the relay's kernel sees them; addresses without brackets. */
export interface SshConnection {
  client: { address: string; port: number }
  server: { address: string; port: number }
}

/** Milliseconds between SIGTERM and SIGKILL: a stopped process obeys only the second. */
const GRACE_MS = 500
const PACE_MS = 25

/** The living ones. */
export async function livingSessions(
  { devices }: StatePaths,
  device: string,
  known?: KnownFiles,
): Promise<ClaimedSession[]> {
  const path = join(devices, device, 'sessions')
  const text = await readUnchanged(known, path, () => readFile(path, 'utf8').catch(() => ''))
  const recorded = text.split('\n').flatMap(line => {
    const [, pid, start, addresses = ''] =
      /^(\d{1,9}) (\d{1,20}) sshd(?:-session)? [0-9a-f]{32}(?: (.{1,200}))?$/.exec(line) ?? []
    if (pid === undefined || start === undefined) return []
    return [{ pid: Number(pid), start, connection: connectionOf(addresses) }]
  })
  const living = await Promise.all(recorded.map(isLiving))
  return recorded.filter((_, index) => living[index])
}

function connectionOf(addresses: string): SshConnection | undefined {
  const [, client, clientPort, server, serverPort] =
    /^([0-9A-Za-z.:%_-]+) (\d{1,5}) ([0-9A-Za-z.:%_-]+) (\d{1,5})$/.exec(addresses) ?? []
  if (client === undefined || server === undefined) return undefined
  return {
    client: { address: client, port: Number(clientPort) },
    server: { address: server, port: Number(serverPort) },
  }
}

/** Ends them with their listeners, whatever the device does; returns how many have ended. */
export async function endSessions(sessions: readonly DeviceSession[]): Promise<number> {
  await signalAll(sessions, 'SIGTERM')
  if (!(await allGone(sessions, GRACE_MS))) {
    await signalAll(sessions, 'SIGKILL')
    await allGone(sessions, GRACE_MS)
  }
  return sessions.length - (await stillLiving(sessions)).length
}

async function signalAll(sessions: readonly DeviceSession[], signal: NodeJS.Signals): Promise<void> {
  for (const { pid } of await stillLiving(sessions)) {
    try {
      process.kill(pid, signal)
    } catch (err) {
      if (errorCode(err) !== 'ESRCH') throw err
    }
  }
}

async function allGone(sessions: readonly DeviceSession[], limitMs: number): Promise<boolean> {
  for (const untilMs = performance.now() + limitMs; performance.now() < untilMs; await delay(PACE_MS)) {
    if ((await stillLiving(sessions)).length === 0) return true
  }
  return false
}

async function stillLiving(sessions: readonly DeviceSession[]): Promise<DeviceSession[]> {
  const living = await Promise.all(sessions.map(isLiving))
  return sessions.filter((_, index) => living[index])
}

async function isLiving({ pid, start }: DeviceSession): Promise<boolean> {
  const stat = await readProcessStat(pid)
  if (stat === undefined || String(stat.startTicks) !== start) return false
  return ['sshd', 'sshd-session'].includes(stat.name) && stat.state !== 'Z' && stat.state !== 'X'
}
