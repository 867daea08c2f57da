/** `oobm-relay enrolment close`: ends an enrolment: no relay takes its key any more, and its secrets are gone. */
import { EXIT } from '../../../../runtime/errors.ts'
import * as changes from '../../../fleet/edit/changes.ts'
import { stepLines, stepsToRelays } from '../../../fleet/edit/next-steps.ts'
import { defineCommand, withFleet } from '../../command.ts'
import { changeFleet } from '../../edit/change-fleet.ts'
import { enrolmentOf } from '../../enrolment/named.ts'
import { removeSiteKeys } from '../../enrolment/site-keys.ts'

export const close = defineCommand({
  summary: 'end an enrolment, as when all boards are there or a card was lost',
  details: [
    'Boards that were accepted stay.',
    'Its key and secret are deleted, so that what still waits cannot be accepted.',
  ],
  arguments: [{ value: 'NAME', help: 'the enrolment' }],
  run: withFleet(async input => {
    const { fleet, files, print } = input
    const { name } = enrolmentOf(input)
    await changeFleet(input, (_, value) => ({
      operations: changes.remove(value, 'enrolment', name) ?? [],
      done: `closed the enrolment ${name}`,
    }))
    await removeSiteKeys(files.secrets, name)
    for (const line of stepLines(stepsToRelays(fleet.relays))) print(line)
    print('Until then, whoever has the card file can still ask to be accepted.')
    return EXIT.ok
  }),
})
