/** The mailboxes of a relay as the operator's seat uses them: by ssh, or those of a relay's directory on this machine. */

import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import type { Parcel } from '../../relay/settings/mailbox.ts'
import { type SettingsView, settingsViewSchema } from '../../relay/settings/settings-view.ts'
import { watchSettings } from '../../relay/settings/watch-settings.ts'
import { statePathsOf } from '../../relay/state/state-paths.ts'
import type { BareInput } from '../command.ts'
import { askRelay, SHORT_MS } from '../remote/ssh-to-relay.ts'
import { leaveParcels } from './leave-parcels.ts'
import { stringifyParcels } from './parcels.ts'

export interface RelayMailbox {
  /** For messages. */
  name: string
  /** @throws UserError when they are not there now */
  leave(parcels: readonly Parcel[]): Promise<void>
  /**
   * Tells what becomes of the documents, until devices have decided, or the milliseconds are over.
   * @throws UserError when the relay cannot be asked
   */
  watch(devices: readonly string[], waitMs: number, options: WatchOptions): Promise<void>
}

export interface WatchOptions {
  /** Called when nobody will be asked for a password or a touch any more. */
  onLogin(): void
  onView(view: SettingsView): void
  signal: AbortSignal
}

/** With `--state` or `--root` the relay is on this machine. */
export function isLocal({ state, root }: BareInput['values']): boolean {
  return state !== undefined || root !== undefined
}

export function localMailbox(values: BareInput['values']): RelayMailbox {
  const paths = statePathsOf(values)
  return {
    name: String(values.state ?? values.root ?? 'this relay'),
    leave: parcels => leaveParcels(paths, parcels),
    watch: (devices, waitMs, { onLogin, onView, signal }) => {
      onLogin()
      return watchSettings(paths, devices, waitMs, onView, signal)
    },
  }
}

/** @param host `[USER@]HOST` or `ssh://[USER@]HOST[:PORT]`, instead of the host in the fleet file */
export function remoteMailbox(relay: Relay, host: string | undefined, signal: AbortSignal): RelayMailbox {
  const place = relay.accounts === 'shared' ? [`--state=${relay.directory}`] : []
  const call = { relay, host, signal }
  return {
    name: relay.name,
    leave: async parcels => {
      const args = ['settings', 'push', '--stdin', ...place]
      const stdin = { text: stringifyParcels(parcels) }
      const { code } = await askRelay({ ...call, args, stdin, limitMs: SHORT_MS })
      if (code !== EXIT.ok)
        throw new UserError(`relay ${relay.name} did not take the documents: it said why above`, EXIT.failed)
    },
    watch: async (devices, waitMs, { onLogin, onView, signal: until }) => {
      const wait = waitMs > 0 ? [`--wait=${Math.ceil(waitMs / 1000)}s`] : []
      const args = ['settings', 'show', '--here', '--json', ...wait, ...place, '--', ...devices]
      const strange = new AbortController()
      let strangeLines = 0
      const lines = linesOf(text => {
        const view = viewOf(text)
        if (view === undefined && ++strangeLines > STRANGE_MAX) strange.abort()
        // A relay says what it wants: only what was asked for counts.
        if (view !== undefined && devices.includes(view.device)) onView(view)
      })
      const over = AbortSignal.any([signal, until, strange.signal])
      const { code } = await askRelay({
        ...call,
        args,
        stdin: 'none',
        limitMs: SHORT_MS + waitMs,
        onText: lines,
        onLogin,
        signal: over,
      })
      if (strange.signal.aborted)
        throw new UserError(
          `relay ${relay.name} does not answer as oobm-relay does: is that host what it was?`,
          EXIT.failed,
        )
      if (code !== EXIT.ok && !over.aborted)
        throw new UserError(`relay ${relay.name} does not say which settings it has: it said why above`, EXIT.failed)
    },
  }
}

function viewOf(line: string): SettingsView | undefined {
  try {
    return settingsViewSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** Lines that are no view, such as a banner of the host. */
const STRANGE_MAX = 100
/** Characters of a line that are kept: a view has less. */
const LINE_MAX = 16_384

function linesOf(take: (line: string) => void): (text: string) => void {
  let partial = ''
  return text => {
    const parts = (partial + text).split('\n')
    partial = (parts.pop() ?? '').slice(0, LINE_MAX)
    for (const line of parts) if (line !== '') take(line)
  }
}
