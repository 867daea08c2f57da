/** From the fleet file to the devices: which need a new document, signed, left at each relay, and what became of it. */
import { createHash } from 'node:crypto'
import { usageError } from '../../../cli/command.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { describeSettings } from '../../relay/settings/describe-settings.ts'
import type { Parcel } from '../../relay/settings/mailbox.ts'
import type { SettingsView } from '../../relay/settings/settings-view.ts'
import type { CommandInput } from '../command.ts'
import { refuseEmptyState } from '../remote/at-relay.ts'
import { devicesNamed } from './devices-named.ts'
import { gatherViews } from './gather-views.ts'
import { isLocal, localMailbox, type RelayMailbox, remoteMailbox } from './relay-mailbox.ts'
import { signDocuments } from './signed-documents.ts'
import { waitOf } from './wait-option.ts'

/** @returns the exit code */
export async function pushSettings(input: CommandInput): Promise<number> {
  const { values, print, signal } = input
  const waitMs = waitOf(values)
  const devices = devicesNamed(input)
  const mailboxes = mailboxesFor(input)
  const before = await gatherViews(mailboxes, devices, { waitMs: 0, onView: () => {}, signal })
  if (before.views.length === 0 && devices.length > 0)
    throw new UserError('no relay answers: nothing was signed', EXIT.unavailable)
  const viewsOf = (device: string) => [...before.byRelay.values()].flat().filter(view => view.device === device)
  const { documents, unchanged } = await signDocuments(input, devices, viewsOf)
  for (const device of unchanged) print(`${device}: unchanged since its last settings; --again pushes them again`)

  let code: number = before.code
  const left = new Set<string>()
  for (const mailbox of mailboxes) {
    const here = before.byRelay.get(mailbox.name) ?? []
    const parcels = documents.filter(({ device }) => here.some(view => view.device === device))
    // One that could not be asked before was reported, and counts.
    if (parcels.length === 0) continue
    const outcome = await leaveAt(mailbox, parcels)
    if (outcome === EXIT.ok) for (const { device } of parcels) left.add(device)
    code = Math.max(code, outcome)
  }
  // A relay says what it likes, also nothing about a device.
  const nowhere = documents.flatMap(({ device }) => (left.has(device) ? [] : [device]))
  if (nowhere.length > 0) {
    process.stderr.write(`signed, and at no relay: ${nowhere.join(', ')}; --again pushes them again\n`)
    code = Math.max(code, EXIT.failed)
  }

  const told = new Map<string, string>()
  const onView = (view: SettingsView) => {
    const [line = ''] = describeSettings([view])
    if (waitMs > 0 && told.get(view.device) !== view.state) print(line)
    told.set(view.device, view.state)
  }
  const after = await gatherViews(mailboxes, devices, { waitMs, onView, signal })
  if (waitMs === 0) for (const line of describeSettings(after.views)) print(line)
  // The answer must be about what was signed here, not about another document that a relay speaks of.
  const digests = new Map(documents.map(({ device, document }) => [device, digestOf(document)]))
  const isApplied = ({ device, state, answer }: SettingsView) =>
    state === 'applied' && (digests.get(device) ?? answer?.digest) === answer?.digest
  const missing = after.views.filter(view => !isApplied(view))
  if (waitMs === 0) {
    if (documents.length > 0 && code === EXIT.ok) print('Next: "oobm-relay settings show" says what became of them.')
    return Math.max(code, after.code)
  }
  const count = after.views.length - missing.length
  print(`${count} of ${devices.length} applied${missing.length === 0 ? '' : '; not yet:'}`)
  for (const line of describeSettings(missing)) print(`  ${line}`)
  return Math.max(code, after.code, count === devices.length ? EXIT.ok : EXIT.failed)
}

function digestOf(document: Buffer): string {
  return createHash('sha256').update(document).digest('hex')
}

async function leaveAt(mailbox: RelayMailbox, parcels: readonly Parcel[]): Promise<number> {
  try {
    await mailbox.leave(parcels)
    return EXIT.ok
  } catch (err) {
    if (!(err instanceof UserError)) throw err
    process.stderr.write(`${err.message}\n`)
    return err.exitCode
  }
}

/** All relays of the fleet, not only a device's own: after a move it may still be at the one that it is to leave. */
function mailboxesFor({ fleet, files, values, signal }: CommandInput): RelayMailbox[] {
  if (values.state !== undefined) refuseEmptyState(String(values.state))
  if (isLocal(values)) return [localMailbox(values)]
  const host = values.host === undefined ? undefined : String(values.host)
  const relays = relaysNamed(fleet, values.relay === undefined ? undefined : String(values.relay), files.fleet)
  if (host !== undefined && relays.length > 1) usageError('--host is for one relay: name it with --relay')
  return relays.map(relay => remoteMailbox(relay, host, signal))
}

function relaysNamed({ relays }: Fleet, name: string | undefined, file: string): Relay[] {
  const found = name === undefined ? relays : relays.filter(relay => relay.name === name)
  if (found.length > 0) return found
  const known = relays.map(relay => relay.name).join(', ')
  throw new UserError(`"${name}" is not a relay in ${file}; known: ${known}`, EXIT.usage)
}
