/** `oobm-relay history`: who did what, when, to which device. */
import { EXIT } from '../../runtime/errors.ts'
import { asciiJson, printable } from '../../runtime/printable.ts'
import { readPast } from '../fleet-state/past-sessions.ts'
import { STATE_OPTIONS, statePathsOf } from '../fleet-state/state-paths.ts'
import { type HistoryEntry, readHistory } from '../history.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { type Command, usageError } from './command.ts'

export const history: Command = {
  usage: '[DEVICE] [--json] [--relay NAME | --root DIR | --state DIR]',
  summary: 'who did what when to which device',
  options: { ...AT_RELAY_OPTIONS, ...STATE_OPTIONS, json: { type: 'boolean', help: 'as JSON lines' } },
  atRelay: { each: true },
  runBare: async ({ values, positionals, print }) => {
    const [device, ...more] = positionals
    if (more.length > 0) usageError('name one device, or none for all')
    const paths = statePathsOf(values)
    const { entries: done, damaged } = await readHistory(paths)
    const entries = [...done, ...(await readPast(paths))].toSorted((a, b) => (a.at < b.at ? -1 : 1))
    const wanted = entries.filter(entry => device === undefined || entry.device === device)
    for (const entry of wanted) print(values.json ? asciiJson(entry) : describeEntry(entry))
    if (damaged > 0) process.stderr.write(`${damaged} lines of the history cannot be read\n`)
    return EXIT.ok
  },
}

function describeEntry({ at, by, event, device, console, technician, from, to, reason }: HistoryEntry): string {
  const span = [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')
  const parts = [
    at.slice(0, 19).replace('T', ' '),
    by.padEnd(12),
    event.padEnd(15),
    device ?? '',
    console ?? '',
    technician ?? '',
    span,
    reason ?? '',
  ]
  return printable(parts.filter(part => part !== '').join('  '), 1_000)
}
