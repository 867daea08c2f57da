/** `oobm-relay enrolment card`: writes the card file of an enrolment again, after a change of relays or of the site. */
import { EXIT } from '../../../../runtime/errors.ts'
import { defineCommand, withFleet } from '../../command.ts'
import { enrolmentOf } from '../../enrolment/named.ts'
import { readSiteKeys } from '../../enrolment/site-keys.ts'
import { CARD_OPTIONS, readForCard, writeCardFile } from '../../enrolment/write-card-file.ts'

export const card = defineCommand({
  summary: 'write the card file of an enrolment again, as after a change of relays',
  arguments: [{ value: 'NAME', help: 'the enrolment' }],
  options: CARD_OPTIONS,
  run: withFleet(async input => {
    const enrolment = enrolmentOf(input)
    const site = await readForCard(input)
    await writeCardFile(input, enrolment, await readSiteKeys(input.files.secrets, enrolment.name), site)
    return EXIT.ok
  }),
})
