/** What the device says of itself: the one place of the bench that knows the form of `status.json`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Claim } from '../observation.ts'
import type { Device } from '../world/device.ts'

interface StatusText {
  word?: string
  state?: string
  cause?: string
  pid?: number
  relay?: { host: string } | null
}

export async function readClaim({ host, runtime, led }: Device): Promise<Omit<Claim, 'atMs'>> {
  const [status, shown] = await Promise.all([
    readFile(host.seen(join(runtime, 'status.json')), 'utf8').catch(() => ''),
    readFile(led, 'utf8').catch(() => ''),
  ])
  const { word, state = word, cause = '', relay } = parse(status)
  return { state: state ?? 'none', cause, relay: relay?.host ?? '', led: shown.trim() }
}

function parse(text: string): StatusText {
  try {
    return JSON.parse(text) as StatusText
  } catch {
    return {}
  }
}
