/** `oobm-relay enrolment open`: keys and a secret for new boards, an entry in the fleet file, and the card file. */
import { readFile } from 'node:fs/promises'
import { usageError } from '../../../../cli/command.ts'
import { nameSchema } from '../../../../formats/names.ts'
import { systemClock } from '../../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import * as changes from '../../../fleet/edit/changes.ts'
import { stepLines, stepsToRelays } from '../../../fleet/edit/next-steps.ts'
import { defineCommand, withFleet } from '../../command.ts'
import { changeFleet } from '../../edit/change-fleet.ts'
import { makeSiteKeys, removeSiteKeys } from '../../enrolment/site-keys.ts'
import { isOver } from '../../enrolment/waiting-boards.ts'
import { CARD_OPTIONS, readForCard, writeCardFile } from '../../enrolment/write-card-file.ts'

/** Days until the card file expires, when none is given. */
const DAYS = 30

export const open = defineCommand({
  summary: 'let new boards ask to be accepted, all with one card file',
  details: [
    'It writes the card file, which has an enrolment key and a secret in it: treat it like a password.',
    'Whoever has the file can ask to be accepted, until the last day.',
    'Nobody gets in before you accept their board.',
  ],
  arguments: [{ value: 'NAME', help: 'a name for the enrolment, such as that of the site' }],
  options: {
    boards: { value: 'N', help: 'how many boards may ask' },
    until: { value: 'DAY', help: `the last day on which they may, such as 2027-01-31; in ${DAYS} days when not given` },
    ...CARD_OPTIONS,
  },
  examples: ['enrolment open tokyo --boards 10 --until 2027-01-31'],
  run: withFleet(async input => {
    const { fleet, files, values, print } = input
    const [name = ''] = input.positionals
    const parsed = nameSchema.safeParse(name)
    if (!parsed.success) usageError(`"${name}" ${parsed.error.issues[0]?.message}`)
    if (fleet.enrolments.some(one => one.name === name)) {
      const advice = `"oobm-relay enrolment card ${name}" writes its card file again; change "boards" and "until" in the file`
      throw new UserError(`${files.fleet} has the enrolment ${name} already: ${advice}`, EXIT.usage)
    }
    const boards = /^\d{1,6}$/.test(values.boards ?? '') ? Number(values.boards) : usageError('give --boards N')
    const until = values.until ?? dayIn(DAYS)
    if (isOver({ until })) usageError(`the last day, ${until}, is over: give a later one with --until`)
    // Before anything is changed: whoever corrects a mistake opens it anew.
    const site = await readForCard(input)
    const keys = await makeSiteKeys(files.secrets, name, input.signal)
    const item = { name, key: keys.publicKey, boards, until }
    try {
      await changeFleet(input, () => ({
        operations: changes.addEnrolment(item),
        done: `opened the enrolment ${name}: ${boards} boards, until ${until}`,
      }))
    } catch (err) {
      // A file that was refused has no use for the keys; one that cannot be read may have them.
      const text = await readFile(files.fleet, 'utf8').catch(() => keys.publicKey)
      if (!text.includes(keys.publicKey)) await removeSiteKeys(files.secrets, name)
      throw err
    }
    await writeCardFile(input, item, keys, site)
    for (const line of stepLines([
      ...stepsToRelays(fleet.relays),
      'oobm-relay pending    # once a board is plugged in',
    ]))
      print(line)
    return EXIT.ok
  }),
})

function dayIn(days: number): string {
  return new Date(systemClock.wallMs() + days * 86_400_000).toISOString().slice(0, 10)
}
