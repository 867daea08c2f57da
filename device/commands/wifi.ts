/** `oobm wifi`: the networks of the board, in order, which one it is in, and how the last change ended. */

import * as z from 'zod'
import { settingsRecordPath } from '../../formats/directories.ts'
import { WIFI_INTERFACE } from '../../formats/hotspot.ts'
import { NO_RECORD, outcomeSchema, readSettingsRecord, settingsRecordSchema } from '../../formats/settings-record.ts'
import { EXIT } from '../../runtime/errors.ts'
import { asciiJson } from '../../runtime/printable.ts'
import { type CommandInput, defineCommand } from '../command.ts'
import { boardOf, connectionOf } from '../wifi/board.ts'
import { readSite } from '../wifi/change-networks.ts'
import { connectedForMs, connectionSchema } from '../wifi/connection.ts'
import { describeLast, describeNetworks, type Now, networkRowSchema, networkRows } from '../wifi/describe.ts'
import { addCommand, preferCommand, removeCommand } from './wifi-change.ts'
import { scanCommand } from './wifi-scan.ts'

const options = { json: { help: 'print one JSON document' } } as const
const json = z.object({
  version: z.literal(1),
  interface: z.string(),
  /** Null while the board is in no network. `forMs` is missing where the journal does not say it. */
  connection: connectionSchema.extend({ forMs: z.number().optional() }).nullable(),
  /** In the order of preference. */
  networks: z.array(networkRowSchema),
  /** The change that is on trial. */
  trial: settingsRecordSchema.shape.trial,
  /** How the last change by hand ended. */
  last: outcomeSchema.nullable(),
})

async function show({ values, env, print, paint, clock, signal }: CommandInput<{ json?: boolean | undefined }>) {
  const board = boardOf(env, signal, 'oobm wifi')
  const { wifi } = await readSite(board.root)
  const connection = await connectionOf(board)
  const record = (await readSettingsRecord(settingsRecordPath(env))) ?? NO_RECORD
  const now: Now = {
    name: WIFI_INTERFACE,
    connection: connection && { ...connection, forMs: await connectedForMs(board.unit, signal) },
  }
  const rows = networkRows(wifi, now)
  if (values.json) {
    const last = record.outcomes.findLast(({ byHand }) => byHand !== undefined) ?? null
    const trial = record.trial?.byHand === undefined ? null : record.trial
    print(
      asciiJson({ version: 1, interface: now.name, connection: now.connection ?? null, networks: rows, trial, last }),
    )
  } else {
    const lines = [...describeNetworks(rows, now, paint), ...describeLast(record, clock.wallMs(), paint)]
    for (const line of lines) print(line)
  }
  return EXIT.ok
}

const listCommand = defineCommand({
  summary: 'list the networks that the device knows, the preferred one first, and the one that it is in',
  options,
  json,
  run: show,
})

export const wifiCommand = defineCommand({
  summary: 'show the Wi-Fi networks of the device and how the last change ended; change them from afar',
  details: [
    'A change that may cut off whoever makes it is on trial: the old networks come back unless a technician’s way in is proved through the new ones.',
    'Only an administrator may use it, by sudo.',
  ],
  options,
  json,
  commands: { scan: scanCommand, list: listCommand, add: addCommand, remove: removeCommand, prefer: preferCommand },
  run: show,
})
