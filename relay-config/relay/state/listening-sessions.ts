/** Finds connections that listen on a device's ports without a claim: no record has them, but the kernel does. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { readProcessStat } from '../../../runtime/process-stat.ts'
import type { DeviceSession } from './sessions.ts'

/** The kernel's state LISTEN, and 127.0.0.1, as /proc/net/tcp has them (proc_net(5)). */
const LISTEN = '0A'
const LOOPBACK = '0100007F'

/**
 * The processes of sshd that listen on one of these ports on 127.0.0.1. Only root sees them: the descriptors of an sshd are
 * hidden even from its own user, so the login of a shared relay finds none.
 */
export async function listeningSessions(ports: readonly number[]): Promise<DeviceSession[]> {
  const inodes = await listeningInodes(ports)
  if (inodes.size === 0) return []
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  return (await Promise.all(pids.map(pid => sessionOf(pid, inodes)))).flat()
}

async function listeningInodes(ports: readonly number[]): Promise<Set<string>> {
  const wanted = new Set(ports.map(port => `${LOOPBACK}:${port.toString(16).toUpperCase().padStart(4, '0')}`))
  const lines = (await readFile('/proc/net/tcp', 'latin1')).split('\n').slice(1)
  return new Set(
    lines.flatMap(line => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      return state === LISTEN && wanted.has(local) ? [`socket:[${inode}]`] : []
    }),
  )
}

async function sessionOf(pid: string, inodes: ReadonlySet<string>): Promise<DeviceSession[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(descriptors.map(name => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  if (!links.some(link => inodes.has(link))) return []
  const stat = await readProcessStat(pid)
  // Another program on that port is not a device's connection: endSessions() ends only sshd.
  return stat === undefined ? [] : [{ pid: Number(pid), start: String(stat.startTicks) }]
}
