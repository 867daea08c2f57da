/** `oobm wifi scan`: what is in reach. The board stays in its network meanwhile. */
import { WIFI_INTERFACE } from '../../formats/hotspot.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { asciiJson } from '../../runtime/printable.ts'
import { defineCommand } from '../command.ts'
import { boardOf } from '../wifi/board.ts'
import { readSite } from '../wifi/change-networks.ts'
import { readConnection, scan } from '../wifi/connection.ts'
import { describeReach } from '../wifi/describe.ts'
import { networksOf, reachDocument, reachSchema } from '../wifi/scan-results.ts'
import { withAnyWpa } from '../wifi/temporary-wpa.ts'

export const scanCommand = defineCommand({
  summary: 'list the Wi-Fi networks in reach: signal, security, channel, and whether the device knows them',
  details: [
    'The device stays in its network meanwhile.',
    '"WPA2 login" and "WPA3 login" are networks of companies (WPA-Enterprise), which want a name and a password, or a certificate.',
    'Bytes of a name that are no text are shown as \\xNN.',
  ],
  options: { json: { help: 'print one JSON document' } },
  json: reachSchema,
  exitCodes: { [EXIT.unavailable]: 'The board has no Wi-Fi, or its radio does not scan.' },
  run: async ({ values, env, print, paint, clock, signal }) => {
    const board = boardOf(env, signal, 'oobm wifi scan')
    const { wifi } = await readSite(board.root)
    const found = await withAnyWpa(board, async control => ({
      points: await scan(control, ms => clock.sleep(ms, signal)),
      connection: await readConnection(control),
    }))
    if (found.points === undefined)
      throw new UserError(
        `the radio of ${WIFI_INTERFACE} does not scan: rfkill may block it, or its driver does not answer; see: journalctl -u ${board.unit}`,
        EXIT.unavailable,
      )
    const networks = networksOf(found.points)
    const lines = values.json
      ? [asciiJson(reachDocument(networks, wifi))]
      : describeReach(networks, wifi, found.connection, paint)
    for (const line of lines) print(line)
    return EXIT.ok
  },
})
