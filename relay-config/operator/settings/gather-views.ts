/** Asks several relays about the settings of devices: one answer for each device, wherever it is. */
import { isDecided } from '../../relay/settings/describe-settings.ts'
import { mergeViews, type SettingsView } from '../../relay/settings/settings-view.ts'
import { askEach } from '../fleet-wide/ask-each.ts'
import type { RelayMailbox } from './relay-mailbox.ts'

export interface Gathering {
  /** In the order of the devices; none for a device that no relay spoke of. */
  views: SettingsView[]
  /** What each relay says, by its name. */
  byRelay: ReadonlyMap<string, readonly SettingsView[]>
  /** The worst exit code of a relay that could not be asked; the reason was shown. */
  code: number
}

export interface GatherOptions {
  /** Milliseconds to wait until each device has decided. */
  waitMs: number
  /** Gets each device's first view, and each later one. */
  onView(view: SettingsView): void
  signal: AbortSignal
}

export async function gatherViews(
  mailboxes: readonly RelayMailbox[],
  devices: readonly string[],
  { waitMs, onView, signal }: GatherOptions,
): Promise<Gathering> {
  const known = new Map<string, Map<string, SettingsView>>(devices.map(device => [device, new Map()]))
  const merged = new Map<string, SettingsView>()
  const enough = new AbortController()
  const take = (relay: string, view: SettingsView) => {
    const ofDevice = known.get(view.device)
    if (ofDevice === undefined) return
    ofDevice.set(relay, view)
    const [first, ...more] = ofDevice.values()
    if (first === undefined) return
    const now = mergeViews([first, ...more])
    if (merged.get(view.device) === now) return
    merged.set(view.device, now)
    // With several relays the first word of one may not be the last: people read the end of it, programs each line.
    onView(now)
    if (waitMs > 0 && devices.every(device => isSettled(merged.get(device)))) enough.abort()
  }
  const until = AbortSignal.any([signal, enough.signal])
  const { code } = await askEach(mailboxes, (mailbox, onLogin) =>
    mailbox.watch(devices, waitMs, { onLogin, onView: view => take(mailbox.name, view), signal: until }),
  )
  const byRelay = new Map(
    mailboxes.map(({ name }) => [name, [...known.values()].flatMap(views => views.get(name) ?? [])]),
  )
  return { views: devices.flatMap(device => merged.get(device) ?? []), byRelay, code }
}

function isSettled(view: SettingsView | undefined): boolean {
  return view !== undefined && isDecided(view)
}
