/** `oobm-relay accept`: makes a device of a new board, after its request was checked and its fingerprint compared. */
import { openQuestions } from '../../../cli/questions.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { stepLines, stepsToRelays } from '../../fleet/edit/next-steps.ts'
import { STATE_OPTIONS } from '../../relay/state/state-paths.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { CONSOLE_OPTIONS, DEVICE_OPTIONS } from '../edit/add-entry.ts'
import { acceptBoard } from '../enrolment/accept-board.ts'
import { describeBoard } from '../enrolment/describe-boards.ts'
import { findBoards, givenFingerprint, oneBoard } from '../enrolment/waiting-boards.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const accept = defineCommand({
  summary: 'accept a new board that waits, and make a device of it in the fleet file',
  details: [
    'The board’s own public keys go into secrets/NAME; its private keys never leave it.',
    'NAME may be a device that is in the fleet file already and has no keys yet.',
  ],
  arguments: [
    { value: 'SERIAL', help: 'the serial number of the board' },
    { value: 'NAME', help: 'the name that the device gets' },
  ],
  options: {
    fingerprint: {
      value: 'SHA256:...',
      help: 'the fingerprint in oobm-enrol.txt on its card; asked for when not given',
    },
    ...DEVICE_OPTIONS,
    ...CONSOLE_OPTIONS,
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['accept 10000000a1b2c3d4 tokyo-rack1'],
  run: withFleet(async (input: CommandInput) => {
    const { values, positionals, print } = input
    const [serial = '', name = ''] = positionals
    const given = givenFingerprint(values)
    const found = await findBoards(input)
    for (const warning of found.warnings) process.stderr.write(`Warning: ${warning}\n`)
    const board = oneBoard(found, serial, given)
    for (const line of describeBoard(board, systemClock.wallMs())) print(line)
    if (given === undefined && board.device !== name) await compare(input)
    const relays = await acceptBoard(input, board, name)
    for (const line of stepLines([...stepsToRelays(relays), `oobm-relay settings push ${name} --wait 10m`])) print(line)
    return EXIT.ok
  }),
})

/** The relay could have put its own keys in, together with somebody who has a card. @throws UserError unless a person says that they are the same */
async function compare({ values, signal }: CommandInput): Promise<void> {
  const questions = openQuestions({ values, signal })
  try {
    if (await questions.confirm('Is this the fingerprint in oobm-enrol.txt on the card of the board?')) return
  } finally {
    questions.close()
  }
  const advice = 'ask whoever has the card for oobm-enrol.txt; --fingerprint SHA256:... says it without a question'
  throw new UserError(`not accepted: ${advice}`, EXIT.failed)
}
