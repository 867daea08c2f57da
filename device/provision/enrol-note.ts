/** The text on the card of a board that waits to be accepted, `oobm-enrol.txt`: what a person compares with the operator; pure. */
import { enrolmentFingerprint } from '../../formats/enrolment.ts'
import { readPrivateKeyFacts } from '../../formats/ssh-key.ts'
import { isTable, type Table } from '../import/merge.ts'

export const ENROL_NOTE = 'oobm-enrol.txt'

/** Without times, so that the same board has the same text at each start. @returns undefined for a device that is set up */
export function enrolNote(stored: Table | undefined): string | undefined {
  if (!isTable(stored?.enrolment)) return undefined
  const { site, board } = stored.enrolment
  const { relayKey, bridgeHostKey, shellHostKey } = isTable(stored.secrets) ? stored.secrets : {}
  const publicKeyOf = (privateKey: unknown) => readPrivateKeyFacts(String(privateKey))?.publicKey ?? ''
  const fingerprint = enrolmentFingerprint({
    ...{ site: String(site), board: String(board) },
    ...{ relayKey: publicKeyOf(relayKey), bridgeHostKey: publicKeyOf(bridgeHostKey) },
    shellHostKey: publicKeyOf(shellHostKey),
  })
  return `${[
    'This board has made its own keys, and asks the operator to accept it.',
    '',
    `  site:           ${String(site)}`,
    `  serial number:  ${String(board)}`,
    `  fingerprint:    ${fingerprint}`,
    '',
    'WHAT TO DO',
    '  1. Put the card into the board, plug in the network, and switch it on. Its LED shows two',
    '     short flashes and a long one.',
    '  2. Tell the operator the serial number and the fingerprint. The operator must see the same',
    '     fingerprint: if it is another one, somebody on the way has changed something.',
    '  3. When the operator has accepted it, the LED shows that it works. This text goes at the',
    '     next start.',
  ].join('\n')}\n`
}
