/** Faults of programs: sessions that are killed, relays that are away or stand still, and the device's own programs. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { signalProcess } from '../../../../testbed/sshd.ts'
import { monotonicMs } from '../monotonic.ts'
import type { World } from '../world/world.ts'
import { limitCpu } from './cpu-quota.ts'
import { type End, type Inflict, nothing } from './fault.ts'

/** All sessions of devices on a relay end at once; it goes on. */
export const sessionsKilled: Inflict = async ({ relays }) => {
  for (const relay of relays) for (const pid of await relay.sessions()) signalProcess(pid, 'SIGKILL')
  return nothing
}

/** So that a new connection has to come about under that fault. */
export const thenKilled =
  (fault: Inflict): Inflict =>
  async world => {
    const end = await fault(world)
    await sessionsKilled(world)
    return end
  }

/** The first relay knows the device's key no more, and its session is ended. */
export const keyRefused: Inflict = async world => {
  const file = join(world.root, 'relay-1/.ssh/authorized_keys')
  const text = await readFile(file, 'utf8')
  const isDevices = (line: string) => line.includes('oobm-device-command')
  await writeFile(
    file,
    text
      .split('\n')
      .filter(line => !isDevices(line))
      .join('\n'),
  )
  await sessionsKilled(world)
  return () => writeFile(file, text)
}

/** A relay's sshd is gone with all sessions: its host is there, and refuses connections. */
export const relayRefuses: Inflict = async ({ relays: [relay] }) => {
  await relay?.crash()
  return async () => relay?.start()
}

/** A relay's host is gone: nothing answers, and what was there is lost. */
export const relayGone: Inflict = async ({ relays: [relay], network }) => {
  await network.relays[0].sh('ip link set eth0 down')
  await relay?.crash()
  return async () => {
    await relay?.start()
    const route = 'ip route replace default via 192.0.2.1'
    await network.relays[0].sh(`ip link set eth0 up; ${route}`)
  }
}

/** Every process of a relay's sshd stands still: the kernel still takes connections for it. */
export const relayStopped: Inflict = async ({ relays: [relay] }) => stopped((await relay?.sshdProcesses()) ?? [])

/** Those alone that accept connections: tunnels live, and nobody new gets in. */
export const relayListenersStopped: Inflict = async ({ relays: [relay] }) => stopped(relay?.listeners() ?? [])

/** @param who what answers at that port of the device */
export const standsStill =
  (who: 'sshd' | 'bridge' | 'supervisor'): Inflict =>
  async ({ device }) => {
    const pid = who === 'sshd' ? undefined : device[who].pid()
    return stopped(who === 'sshd' ? await device.sshd() : pid === undefined ? [] : [pid])
  }

/** Ends at once; what starts it again is not the bench's, but for sshd. */
export const killed =
  (who: 'sshd' | 'bridge' | 'supervisor'): Inflict =>
  async ({ device }) => {
    if (who === 'sshd') {
      await device.stopSshd()
      return device.startSshd
    }
    const pid = device[who].pid()
    if (pid !== undefined) signalProcess(pid, 'SIGKILL')
    return nothing
  }

/**
 * Gets so many hundredths of a processor, by the kernel's quota: sshd may not be stopped and continued, as its sandbox kills
 * a process for the system call that then goes on.
 */
export const sshdStarved =
  (percent: number): Inflict =>
  async ({ device, cleanup }) => {
    const end = await limitCpu(await device.sshd(), percent)
    let ended: Promise<void> | undefined
    const endOnce = () => {
      ended ??= end()
      return ended
    }
    cleanup(endOnce)
    return endOnce
  }

/** Gets so many hundredths of a processor: it is stopped for the rest of each tenth of a second. */
export const starved =
  (who: 'bridge' | 'supervisor', percent: number): Inflict =>
  async ({ device }) => {
    const pids = [device[who].pid() ?? 0]
    const script = join(import.meta.dirname, 'starve.py')
    const helper = spawn('python3', [script, String(percent), ...pids.map(String)], { stdio: 'ignore' })
    return async () => {
      helper.kill('SIGTERM')
      await new Promise(resolve => (helper.exitCode === null ? helper.once('exit', resolve) : resolve(undefined)))
    }
  }

/** The first relay ends each connection when it has lasted so many milliseconds, as long as the fault lasts. */
export const dropsSessions =
  (afterMs: number): Inflict =>
  async ({ relays: [relay] }) => {
    const seenMs = new Map<number, number>()
    const ending = new AbortController()
    const turns = (async () => {
      while (!ending.signal.aborted) {
        for (const pid of (await relay?.sessions()) ?? []) {
          const sinceMs = seenMs.get(pid) ?? monotonicMs()
          seenMs.set(pid, sinceMs)
          if (monotonicMs() - sinceMs > afterMs) signalProcess(pid, 'SIGKILL')
        }
        await delay(100)
      }
    })()
    return async () => {
      ending.abort()
      await turns
    }
  }

function stopped(pids: readonly number[]): End {
  for (const pid of pids) signalProcess(pid, 'SIGSTOP')
  return async () => {
    for (const pid of pids) signalProcess(pid, 'SIGCONT')
  }
}

/** What a process may open, from now on: no more than it has. */
export async function withoutDescriptors({ device }: World): Promise<End> {
  const pid = device.supervisor.pid()
  const limit = async (soft: string) => void (await device.host.sh(`prlimit --pid ${pid} --nofile=${soft}:`))
  await device.host.sh(`cd /proc/${pid}/fd; prlimit --pid ${pid} --nofile=$(ls | sort -n | tail -n 1):`)
  return () => limit('1024').catch(() => {})
}
