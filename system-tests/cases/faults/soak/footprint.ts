/** What a device holds: on its relay, and of its own board. */
import { readdir, readFile } from 'node:fs/promises'
import { memoryOf } from '../../../../lab/bench/memory.ts'
import type { World } from '../world/world.ts'

export interface Footprint {
  /** The supervisor's; memory of another process is not compared. */
  pid: number
  descriptors: number
  rssKb: number
  /** Names of all processes on the relay, sorted: its sshd, and those of the device's connections. */
  onRelay: string[]
}

export async function footprintOf({ device, relays }: World): Promise<Footprint> {
  const pid = device.supervisor.pid() ?? 0
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const { rssKb } = await memoryOf(pid).catch(() => ({ rssKb: 0 }))
  const pids = (await Promise.all(relays.map(({ host }) => host.processes()))).flat()
  const names = await Promise.all(pids.map(one => readFile(`/proc/${one}/comm`, 'utf8').catch(() => '')))
  // The bench's own observer there is no process of the device.
  const onRelay = names.map(name => name.trim()).filter(name => name !== '' && name !== 'python3')
  return { pid, descriptors: descriptors.length, rssKb, onRelay: onRelay.sort() }
}
