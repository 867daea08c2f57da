/** The card file for all new boards of a site → the settings of this board while it waits to be accepted: its keys are made here. */
import { waitingName } from '../../formats/enrolment.ts'
import { newKeyPair } from '../../formats/private-key.ts'
import { fingerprint, readPrivateKeyFacts } from '../../formats/ssh-key.ts'
import { isTable, type Table } from './merge.ts'

/** The card file names no port: until the board is accepted, it listens nowhere. */
const NO_LISTENER = 1

const OWN_KEYS = ['relayKey', 'bridgeHostKey', 'shellHostKey'] as const

/**
 * @param before what the board has: keys that it made for an earlier card file stay
 * @param file one that is not for new boards is returned as it is
 * @param serial of the board
 * @returns a whole file; or what is wrong, for a board that is set up already
 */
export function completeNewBoard(
  before: Table | undefined,
  file: Table,
  serial: string | undefined,
): { file: Table } | { problem: string } {
  const enrolment = tableOf(file.enrolment)
  if (!isTable(file.enrolment) || 'device' in file || 'bridge' in file) return { file }
  const waiting = tableOf(before?.enrolment)
  if (before !== undefined && before.enrolment === undefined) {
    const problem = `is for new boards, and this one is set up as "${String(before.device)}": remove it from the card. To enrol the board anew, write its card anew`
    return { problem }
  }
  const kept = tableOf(before?.secrets)
  const keys = Object.fromEntries(OWN_KEYS.map(name => [name, kept[name] ?? newKeyPair('').privateKey]))
  const hostKey = readPrivateKeyFacts(String(keys.bridgeHostKey))?.publicKey ?? ''
  const board = waiting.board ?? serial?.toLowerCase() ?? `key-${shortName(hostKey)}`
  return {
    file: {
      ...file,
      device: waitingName(String(board)),
      listenerPort: NO_LISTENER,
      bridge: { hostKey },
      enrolment: { ...enrolment, board },
      secrets: { ...tableOf(file.secrets), ...keys },
    },
  }
}

/** Of a board without a serial number. */
function shortName(publicKey: string): string {
  return Buffer.from(fingerprint(publicKey)).toString('hex').slice(14, 30)
}

function tableOf(value: unknown): Table {
  return isTable(value) ? value : {}
}
