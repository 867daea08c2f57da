/** What the device says of itself: the one place of the bench that knows the form of `status.json`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HEARTBEAT_MAX_AGE_MS, type Heartbeat, heartbeatNow, silentForMs } from '../../../../runtime/boot-clock.ts'
import type { Claim } from '../observation.ts'
import type { Device } from '../world/device.ts'

interface StatusText {
  state?: string
  cause?: string
  heartbeat?: Heartbeat
  relay?: { host: string } | null
  way?: { rung: string } | null
  uplinks?: { name: string; carries: boolean }[] | null
}

/** As every reader of the product takes it: what has no fresh heartbeat says nothing. */
export async function readClaim({ host, runtime, led }: Device): Promise<Omit<Claim, 'atMs'>> {
  const [status, shown] = await Promise.all([
    readFile(host.seen(join(runtime, 'status.json')), 'utf8').catch(() => ''),
    readFile(led, 'utf8').catch(() => ''),
  ])
  const { state, cause = '', heartbeat, relay, way, uplinks } = parse(status)
  const uplink = uplinks?.find(({ carries }) => carries)?.name ?? ''
  const rest = { relay: relay?.host ?? '', rung: way?.rung ?? '', uplink, led: shown.trim() }
  if (state === undefined) return { state: 'none', cause: 'there is no status', ...rest }
  if (heartbeat && silentForMs(heartbeat, heartbeatNow()) > HEARTBEAT_MAX_AGE_MS) {
    return { state: 'old', cause: `does not answer; it said ${state}`, ...rest }
  }
  return { state, cause, ...rest }
}

function parse(text: string): StatusText {
  try {
    return JSON.parse(text) as StatusText
  } catch {
    return {}
  }
}
