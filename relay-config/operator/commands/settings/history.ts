/** `oobm-relay settings history`: the documents for a device that a relay keeps, and what became of them. */

import { usageError } from '../../../../cli/command.ts'
import { nameSchema } from '../../../../formats/names.ts'
import { EXIT } from '../../../../runtime/errors.ts'
import { printable } from '../../../../runtime/printable.ts'
import { timeText } from '../../../../runtime/time-text.ts'
import { readHistory } from '../../../relay/history.ts'
import { readMailbox } from '../../../relay/settings/mailbox.ts'
import { readPast } from '../../../relay/state/past-sessions.ts'
import { STATE_OPTIONS, statePathsOf } from '../../../relay/state/state-paths.ts'
import { defineCommand } from '../../command.ts'
import { AT_RELAY_OPTIONS } from '../../remote/at-relay.ts'

export const history = defineCommand({
  summary: 'show who left which settings for a device, and what the device said of each',
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: { ...AT_RELAY_OPTIONS, ...STATE_OPTIONS },
  atRelay: { each: true, ofDevice: true },
  run: async ({ values, positionals: [device = ''], print }) => {
    if (!nameSchema.safeParse(device).success) usageError(`"${device}" is not a name`)
    const paths = statePathsOf(values)
    const [{ entries }, past, { documents, offer }] = await Promise.all([
      readHistory(paths),
      readPast(paths),
      readMailbox(paths, device),
    ])
    const about = [...entries, ...past]
      .filter(entry => entry.event === 'settings' && entry.device === device)
      .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    for (const { at, by, source, reason = '' } of about) {
      print(printable(`${moment(at)}  ${by}  ${reason}${source === 'device' ? ` (${device} says so)` : ''}`, 1_000))
    }
    for (const { digest, serial, bytes, atMs } of documents) {
      const place = digest === offer?.digest ? 'is for the device' : 'is kept'
      print(`serial ${serial} of ${timeText(atMs)} ${place} here (${bytes} bytes, SHA-256 ${digest.slice(0, 12)})`)
    }
    if (about.length + documents.length === 0) print(`nothing was pushed to ${device} here`)
    return EXIT.ok
  },
})

function moment(iso: string): string {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? iso : timeText(ms)
}
