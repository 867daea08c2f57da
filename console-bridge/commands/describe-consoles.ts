/** Consoles as the commands `list` and `status` show them. */
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { timeText } from '../../runtime/time-text.ts'
import { describeNote } from '../console/note.ts'
import { describeOutlets } from '../console/target-power.ts'

type ConsoleInStatus = ConsoleStatus['consoles'][number]

export function describeList(consoles: readonly ConsoleInStatus[]): string[] {
  if (consoles.length === 0) return ['you have no console on this device']
  const width = Math.max(...consoles.map(({ name }) => name.length))
  return consoles.map(({ name, settings, changed, state, cause, label, note }) => {
    const configured = changed ? ` (configured: ${changed.configured})` : ''
    return `${name.padEnd(width)}  ${settings}${configured}  ${state}${cause === '' ? '' : `: ${cause}`}${label === undefined ? '' : `  ${label}`}${note ? `  [${describeNote(note)}]` : ''}`
  })
}

export function describeStatus(consoles: readonly ConsoleInStatus[]): string[] {
  if (consoles.length === 0) return describeList(consoles)
  return consoles.flatMap(console => [
    `${console.name} on ${console.path}, ${console.settings}${console.provisional ? ' (spare port)' : ''}`,
    ...(console.label === undefined ? [] : [`  ${console.label}`]),
    ...(console.note ? [`  ${describeNote(console.note)}`] : []),
    ...(console.changed ? [`  ${console.changed.why}; configured: ${console.changed.configured}`] : []),
    `  ${console.state} since ${timeText(console.since)}${console.cause === '' ? '' : `: ${console.cause}`}`,
    ...(console.held ? [`  held since ${timeText(console.held.since)}: ${console.held.cause}`] : []),
    ...(console.notRecorded
      ? [`  not recorded since ${timeText(console.notRecorded.since)}: ${console.notRecorded.cause}`]
      : []),
    ...describePower(console),
    `  last output ${console.lastOutputAt === null ? 'none since the start' : timeText(console.lastOutputAt)}; ${console.bytesIn} bytes from the target, ${console.bytesOut} to it`,
    ...console.sessions.map(({ technician, writer, from, since, via }) => {
      return `  ${technician}${via ? ` (via ${via})` : ''} ${writer ? 'types' : 'watches'}, from ${from}, since ${timeText(since)}`
    }),
  ])
}

function describePower({ power }: ConsoleInStatus): string[] {
  if (power === undefined) return []
  if (power.at === null) return [`  power: not asked yet (${power.outlets.map(({ name }) => name).join(', ')})`]
  return [`  power at ${timeText(power.at)}:`, ...describeOutlets(power.outlets).map(line => `    ${line}`)]
}
