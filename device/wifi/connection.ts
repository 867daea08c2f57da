/** What wpa_supplicant is doing: the network that it is in, and the access points that it knows. */
import spawn from 'nano-spawn'
import * as z from 'zod'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { NEXT_ID } from '../provision/render-wpa.ts'
import { nameBytes, nameText } from './network-name.ts'
import { type AccessPoint, askFrom, readAccessPoints } from './scan-results.ts'
import type { WpaControl } from './wpa-control.ts'

export const connectionSchema = z.object({
  /** wpa_supplicant's number of the network. */
  id: z.int(),
  ssid: z.string(),
  /** Whether it is by the second passphrase. */
  isNext: z.boolean(),
  /** `WPA2-PSK`, `SAE`. */
  keyManagement: z.string(),
  /** 0 where the driver does not say it. */
  frequencyMhz: z.int(),
  /** Missing where the driver does not say it. */
  signalDbm: z.int().optional(),
})

export type Connection = z.output<typeof connectionSchema>

/** @returns undefined while it is in no network */
export async function readConnection(control: WpaControl): Promise<Connection | undefined> {
  const status = tableOf(await control.ask('status'))
  if (status.wpa_state !== 'COMPLETED' || status.id === undefined) return undefined
  const { RSSI } = tableOf(await control.ask('signal_poll'))
  return {
    id: Number(status.id),
    ssid: nameText(nameBytes(status.ssid ?? '')) ?? '',
    isNext: status.id_str === NEXT_ID,
    keyManagement: status.key_mgmt ?? '',
    frequencyMhz: Number(status.freq ?? 0),
    signalDbm: RSSI === undefined ? undefined : Number(RSSI),
  }
}

/** Answers that are asked for: each has 4 KB, which is some twenty access points. */
const PAGES = 50

export async function readReach(control: WpaControl): Promise<AccessPoint[]> {
  const points: AccessPoint[] = []
  for (let page = 0; page < PAGES; page++) {
    const more = readAccessPoints(await control.ask(askFrom((points.at(-1)?.id ?? -1) + 1)))
    if (more.length === 0) break
    points.push(...more)
  }
  return points
}

/** Milliseconds for all channels of two bands, and for a scan that runs already. */
const SCAN_MS = 20_000
/** Times that a scan is begun while another one runs. */
const TRIES = 10
/** Seconds: what was not heard since is not in reach. */
const FRESH_S = 30

/**
 * Looks for networks without choosing one: the board stays where it is (`TYPE=ONLY`, ctrl_iface.c in wpa_supplicant's source).
 * @returns undefined when the radio does not scan
 */
export async function scan(
  control: WpaControl,
  sleep: (ms: number) => Promise<unknown>,
): Promise<AccessPoint[] | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const answer = (await control.ask('scan TYPE=ONLY')).at(-1)
    if (answer === 'OK') break
    if (answer !== 'FAIL-BUSY' || attempt === TRIES - 1) return undefined
    await sleep(1_000)
  }
  if (!(await control.awaitMessage(/CTRL-EVENT-SCAN-(RESULTS|FAILED)/, SCAN_MS))) return undefined
  if (await control.awaitMessage(/CTRL-EVENT-SCAN-FAILED/, 0)) return undefined
  return (await readReach(control)).filter(({ ageS }) => ageS <= FRESH_S)
}

/** Lines of the journal: many times what one attempt logs. */
const LINES = 500

/** @returns milliseconds since the board is in its network; undefined when the journal does not say it */
export async function connectedForMs(unit: string, signal: AbortSignal): Promise<number | undefined> {
  const args = ['-q', '-b', '-o', 'json', '--output-fields=MESSAGE', '-n', String(LINES), '-u', unit]
  const { stdout } = await spawn('journalctl', args, { signal, timeout: 10_000 }).catch(() => ({ stdout: '' }))
  const line = stdout.split('\n').findLast(line => line.includes('CTRL-EVENT-CONNECTED'))
  const at = /"__MONOTONIC_TIMESTAMP"\s*:\s*"(\d+)"/.exec(line ?? '')?.[1]
  return at === undefined ? undefined : Math.max(0, heartbeatNow().uptimeMs - Number(at) / 1_000)
}

function tableOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap(line => {
      const at = line.indexOf('=')
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : []
    }),
  )
}
