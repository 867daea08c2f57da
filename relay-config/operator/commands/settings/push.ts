/** `oobm-relay settings push`: signs the settings of devices at the operator's seat, and leaves them at the relays. */
import { text } from 'node:stream/consumers'
import { usageError } from '../../../../cli/command.ts'
import { EXIT } from '../../../../runtime/errors.ts'
import { STATE_OPTIONS, statePathsOf } from '../../../relay/state/state-paths.ts'
import { type CommandInput, defineCommand, withFleet } from '../../command.ts'
import { STDIN_OPTION } from '../../prepare.ts'
import { AT_RELAY_OPTIONS } from '../../remote/at-relay.ts'
import { leaveParcels } from '../../settings/leave-parcels.ts'
import { parseParcels } from '../../settings/parcels.ts'
import { pushSettings } from '../../settings/push-settings.ts'
import { SIGN_OPTIONS } from '../../settings/signed-documents.ts'

export const push = defineCommand({
  summary: 'sign the settings of devices, and leave them at the relays for the devices to come for',
  details: [
    'A document is made from the fleet file and signed where this is typed; the relay only keeps it.',
    'The device checks it, and says what became of it.',
    'A device whose settings are as in the last document gets no other one.',
  ],
  arguments: [{ value: 'DEVICE', isOptional: true, isRepeated: true, help: 'the devices; not needed with --all' }],
  options: {
    all: { help: 'push to every device' },
    again: { help: 'push a new document also where nothing has changed' },
    wait: {
      value: 'TIME',
      help: 'wait up to this time, such as 5m, until each device has applied or refused its settings',
    },
    ...SIGN_OPTIONS,
    stdin: STDIN_OPTION,
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['settings push tokyo-rack1 --wait 5m', 'settings push --all'],
  exitCodes: {
    1: 'A relay did not take a document; or, with --wait, not every device has applied its settings in time.',
  },
  // Signed where the key is: only the mail goes to the relay (docs/decisions).
  atRelay: { when: ({ stdin }) => stdin === true },
  run: async input => {
    const { values, positionals } = input
    if (values.stdin) {
      await leaveParcels(statePathsOf(values), parseParcels(await text(process.stdin)))
      return EXIT.ok
    }
    if ((values.all === true) === positionals.length > 0) usageError('give either DEVICE or --all')
    return withFleet((whole: CommandInput) => pushSettings(whole))(input)
  },
})
