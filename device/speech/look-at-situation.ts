/** Finds out what there is to say: the state, the addresses, the Wi-Fi. */
import { access } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { kernelFolders } from '../../formats/directories.ts'
import { printable } from '../../runtime/printable.ts'
import { within } from '../../runtime/waiting.ts'
import { readSupervisor } from '../daemons/read-daemon.ts'
import type { AddressKind, Situation } from './what-to-say.ts'

/** More of them nobody writes down. */
const ADDRESSES_MAX = 4
const IW_MS = 5_000

export class Lookout {
  readonly #env: NodeJS.ProcessEnv
  readonly #signal: AbortSignal
  /** The Wi-Fi network for the addresses that it was asked at: a program is started for it. */
  #wifi: { at: string; name: string | undefined } | undefined

  constructor(env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.#env = env
    this.#signal = signal
  }

  async look(): Promise<Situation> {
    const [reading, addresses] = await Promise.all([
      readSupervisor(this.#env),
      findAddresses(kernelFolders(this.#env).sysfs),
    ])
    const at = JSON.stringify(addresses)
    const hasWifi = addresses.some(({ kind }) => kind === 'wifi')
    if (this.#wifi?.at !== at) this.#wifi = { at, name: hasWifi ? await findWifi(this.#signal) : undefined }
    return { state: reading.running ? reading.status.state : 'not-running', wifi: this.#wifi.name, addresses }
  }
}

async function findAddresses(sysfs: string): Promise<Situation['addresses']> {
  const found: Situation['addresses'][number][] = []
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const kind = await kindOf(join(sysfs, 'class/net', name), name)
    if (kind === undefined) continue
    for (const { family, address, internal } of addresses)
      if (family === 'IPv4' && !internal) found.push({ kind, address })
  }
  return found.slice(0, ADDRESSES_MAX)
}

/** @returns undefined for what is no hardware */
async function kindOf(folder: string, name: string): Promise<AddressKind | undefined> {
  if (/^(ww|ppp|usb)/.test(name)) return 'modem'
  const has = (entry: string) => access(join(folder, entry)).then(...[() => true, () => false])
  if (await has('phy80211')) return 'wifi'
  return (await has('device')) ? 'wired' : undefined
}

/** The first name in `iw dev`(8); undefined where it is not installed, or says none. */
async function findWifi(signal: AbortSignal): Promise<string | undefined> {
  const outcome = await within(IW_MS, [signal], over =>
    spawn('iw', ['dev'], { signal: over, killSignal: 'SIGKILL' }).catch(() => ({ stdout: '' })),
  )
  return outcome.kind === 'done' ? wifiIn(outcome.value.stdout) : undefined
}

export function wifiIn(text: string): string | undefined {
  const [, ssid] = /^\s+ssid (.+)$/m.exec(text) ?? []
  return ssid === undefined ? undefined : unescaped(ssid)
}

/** iw writes every byte that is not printable ASCII as `\xHH`. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return printable(Buffer.from(bytes, 'latin1').toString('utf8'), 32)
}
