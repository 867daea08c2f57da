/** `oobm-relay history`: who did what, when, to which device, and from where. */
import * as z from 'zod'
import { usageError } from '../../../cli/command.ts'
import { parseDuration } from '../../../cli/times.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { asciiJson, printable } from '../../../runtime/printable.ts'
import { timeText } from '../../../runtime/time-text.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { entrySchema, eventText, type HistoryEntry, readHistory } from '../../relay/history.ts'
import { readGone, readPast } from '../../relay/state/past-sessions.ts'
import { withRealAddresses } from '../../relay/state/real-addresses.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { type BareInput, type CommandInput, defineCommand } from '../command.ts'
import { askEntries } from '../fleet-wide/ask-entries.ts'
import { mergeEntries } from '../fleet-wide/merge-entries.ts'
import { AT_RELAY_OPTIONS, callOf } from '../remote/at-relay.ts'

export const history = defineCommand({
  summary: 'show who did what, when, to which device and from where',
  arguments: [{ value: 'DEVICE', isOptional: true, help: 'show what concerns this device only' }],
  options: {
    event: {
      value: 'EVENT',
      help: 'only these events: session, alert, typed, break, command, refused, uplink, way, "access off", apply and others',
    },
    by: { value: 'NAME', help: 'only what this person did' },
    console: { value: 'CONSOLE', help: 'only what happened at this console' },
    since: { value: 'TIME', help: 'from this time on: 2026-11-26, "2026-11-26 04:20" (UTC), or 2d ago' },
    until: { value: 'TIME', help: 'up to this time' },
    last: { value: 'N', help: 'the last N entries' },
    json: { help: 'print JSON lines' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['history tokyo-rack1 --since 2d', 'history --event break --by alice'],
  json: entrySchema.extend({ relay: z.string().optional() }),
  atRelay: { merge: (input, relays, text) => showAll(input, relays, text) },
  run: async ({ values, positionals: [device], print, signal }) => {
    const isWanted = filterOf(values, device, Date.now())
    const last = lastOf(values)
    const paths = statePathsOf(values)
    const { entries: done, damaged } = await readHistory(paths)
    const entries = [...done, ...(await readPast(paths))].toSorted((a, b) => (a.at < b.at ? -1 : 1))
    for (const entry of await withRealAddresses(entries.filter(isWanted).slice(-last), signal))
      print(values.json ? asciiJson(entry) : describeEntry(entry))
    // A history with gaps must not look complete.
    const notes = [
      ...(damaged > 0 ? [`${damaged} line${damaged === 1 ? '' : 's'} of ${paths.history} cannot be read`] : []),
      ...(await readGone(paths)),
    ]
    for (const note of notes) process.stderr.write(`${printable(note)}\n`)
    return EXIT.ok
  },
})

function lastOf({ last }: BareInput['values']): number {
  const count = last === undefined ? Number.POSITIVE_INFINITY : Number(last)
  return count >= 1 ? count : usageError('--last takes a number')
}

/** The entries of all these relays in the order of time, each with the relay that has it. */
async function showAll(input: CommandInput, relays: readonly Relay[], fleetText: string): Promise<number> {
  const { values, print } = input
  const last = lastOf(values)
  filterOf(values, undefined, Date.now())
  const { answers, code } = await askEntries(relays, relay =>
    callOf('history', {}, { ...input, values: { ...values, json: true } }, relay, fleetText),
  )
  const said = answers.map(({ relay, answer }) => ({ relay: relay.name, entries: answer }))
  for (const { relay, ...entry } of mergeEntries(said).slice(-last)) {
    print(values.json ? asciiJson({ ...entry, relay }) : `${describeEntry(entry)}  [${relay}]`)
  }
  return code
}

function filterOf(
  { event, by, console, since, until }: BareInput['values'],
  device: string | undefined,
  nowMs: number,
): (entry: HistoryEntry) => boolean {
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : momentOf('since', String(since), nowMs)
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : momentOf('until', String(until), nowMs)
  return entry => {
    const atMs = Date.parse(entry.at)
    return (
      (device === undefined || entry.device === device) &&
      (event === undefined || entry.event === event || eventText(entry.event) === event) &&
      (by === undefined || entry.by === by || entry.technician === by) &&
      (console === undefined || entry.console === console) &&
      atMs >= sinceMs &&
      atMs <= untilMs
    )
  }
}

/** A time as `history` prints it, a part of one, or how long ago it was; all in UTC. */
function momentOf(option: string, text: string, nowMs: number): number {
  const agoMs = parseDuration(text.replace(/ ago$/, ''))
  if (agoMs !== undefined) return nowMs - agoMs
  const [, day, time = '00:00:00'] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?(?: ?UTC|Z)?$/.exec(text) ?? []
  const moment = Date.parse(`${day}T${time}Z`)
  if (Number.isNaN(moment))
    usageError(`--${option} takes a time such as 2026-11-26, "2026-11-26 04:20" (UTC), or 2d for two days ago`)
  return moment
}

function describeEntry(entry: HistoryEntry): string {
  const { at, by, event, device, console, technician, from, to, address, key, reason, source } = entry
  const { rule, count = 1, typist, text } = entry
  const span = [from && `from ${moment(from)}`, to && `to ${moment(to)}`].filter(Boolean).join(' ')
  const parts = [
    moment(at),
    by.padEnd(12),
    eventText(event).padEnd(15),
    device ?? '',
    console ?? '',
    technician !== undefined && technician !== by ? technician : '',
    rule === undefined ? '' : `${rule}, ${count === 1 ? 'once' : `${count} times`}`,
    rule !== undefined && count === 1 ? '' : span,
    typist === undefined ? '' : `after input by ${typist}`,
    text === undefined ? '' : `"${text}"`,
    address === undefined ? '' : `address ${address}`,
    key === undefined ? '' : `with key ${key}`,
    reason ?? '',
    source === 'device' ? `(${device} says so)` : '',
  ]
  return printable(parts.filter(part => part !== '').join('  '), 1_000)
}

/** In the usual form; the time of a line that was written by hand stays as it is. */
function moment(iso: string): string {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? iso : timeText(ms)
}
