/** How much a device has ever told this relay: what is kept of it, and what was dropped since. */
import { join } from 'node:path'
import { readBounded } from './read-bounded.ts'
import type { StatePaths } from './state-paths.ts'

export interface ToldCounts {
  alerts: number
  events: number
}

export async function readToldCounts({ devices }: StatePaths, device: string): Promise<ToldCounts> {
  const of = (file: string) => readTotal(join(devices, device, file))
  const [alerts, events] = await Promise.all([of('alerts'), of('past')])
  return { alerts, events }
}

/** @param path of lines that oobm-device-command keeps; it counts the dropped ones before it drops them, so this never goes back */
async function readTotal(path: string): Promise<number> {
  const [text, gone] = await Promise.all([path, `${path}.gone`].map(file => readBounded(file).catch(() => '')))
  return (text ?? '').split('\n').length - 1 + Number(/^(\d{1,11})\n$/.exec(gone ?? '')?.[1] ?? 0)
}
