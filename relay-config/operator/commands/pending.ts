/** `oobm-relay pending`: the new boards that wait to be accepted, checked at the operator's seat. */
import * as z from 'zod'
import { adapterSchema } from '../../../formats/enrolment.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { asciiJson } from '../../../runtime/printable.ts'
import { readRequests } from '../../relay/enrolment/requests.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { describeBoard } from '../enrolment/describe-boards.ts'
import { findBoards } from '../enrolment/waiting-boards.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const pending = defineCommand({
  summary: 'list new boards that wait to be accepted',
  details: [
    'Each request is checked with the secret of its enrolment, which no relay has.',
    'Compare the fingerprint with oobm-enrol.txt on the card of the board before you accept it.',
  ],
  options: {
    all: { help: 'also boards that were accepted or rejected, as long as a relay has their request' },
    json: { help: 'print a line of JSON for each' },
    requests: { help: 'on a relay: print what boards have sent, unchecked' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  json: z.object({
    serial: z.string(),
    enrolment: z.string(),
    fingerprint: z.string(),
    atMs: z.number(),
    relays: z.array(z.string()),
    rejected: z.boolean(),
    device: z.string().nullable(),
    software: z.string(),
    adapters: z.array(adapterSchema),
  }),
  // Checked where the secrets are: only what boards have sent comes from the relay.
  atRelay: { when: ({ requests }) => requests === true },
  run: async input => {
    const { values, print } = input
    if (!values.requests) return withFleet((whole: CommandInput) => showPending(whole))(input)
    for (const one of await readRequests(statePathsOf(values))) print(asciiJson(one))
    return EXIT.ok
  },
})

async function showPending(input: CommandInput): Promise<number> {
  const { values, print } = input
  const { boards, warnings, code } = await findBoards(input)
  const shown = boards.filter(({ device, rejected }) => values.all || (device === undefined && !rejected))
  const nowMs = systemClock.wallMs()
  for (const board of shown) {
    if (values.json) {
      const { request, fingerprint, atMs, rejected, device, relays } = board
      const { site, board: serial, software, adapters } = request
      print(
        asciiJson({
          serial,
          enrolment: site,
          fingerprint,
          atMs,
          relays,
          rejected,
          device: device ?? null,
          software,
          adapters,
        }),
      )
    } else for (const line of describeBoard(board, nowMs)) print(line)
  }
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`)
  if (values.json) return code
  if (shown.length === 0) print('no board waits')
  else print('Compare the fingerprint with oobm-enrol.txt on the card, then: oobm-relay accept SERIAL NAME')
  return code
}
