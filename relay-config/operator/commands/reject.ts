/** `oobm-relay reject`: tells a board that it is not wanted. */
import { text } from 'node:stream/consumers'
import { usageError } from '../../../cli/command.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { rejectRequest } from '../../relay/enrolment/requests.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { findBoards, givenFingerprint, oneBoard } from '../enrolment/waiting-boards.ts'
import { STDIN_OPTION } from '../prepare.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const reject = defineCommand({
  summary: 'reject a new board that waits to be accepted',
  details: ['It says so on the board.', 'You may still accept it later; "oobm-relay pending --all" lists it.'],
  arguments: [{ value: 'SERIAL', isOptional: true, help: 'the serial number of the board' }],
  options: {
    fingerprint: { value: 'SHA256:...', help: 'which one, where two have this serial number' },
    stdin: STDIN_OPTION,
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  atRelay: { when: ({ stdin }) => stdin === true },
  run: async input => {
    const { values } = input
    if (!values.stdin) return withFleet((whole: CommandInput) => rejectBoard(whole))(input)
    const [site = '', id = ''] = (await text(process.stdin)).trim().split(' ')
    await rejectRequest(statePathsOf(values), site, id)
    return EXIT.ok
  },
})

async function rejectBoard(input: CommandInput): Promise<number> {
  const { values, positionals, print } = input
  const [serial = usageError('name the serial number of the board')] = positionals
  const given = givenFingerprint(values)
  const found = await findBoards(input)
  const { id, request, fingerprint, device, relays } = oneBoard(found, serial, given)
  if (device !== undefined) {
    const advice = `"oobm-relay remove device ${device}" takes it out of the fleet`
    throw new UserError(`${request.board} was accepted as ${device}: ${advice}`, EXIT.usage)
  }
  for (const desk of found.desks.filter(({ name }) => relays.includes(name))) {
    await desk.reject({ site: request.site, id })
    print(`rejected ${request.board} at ${desk.name}, fingerprint ${fingerprint}`)
  }
  return found.code
}
