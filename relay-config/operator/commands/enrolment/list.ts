/** `oobm-relay enrolment list`: the enrolments of the fleet file, and how far each is. */
import { alignColumns } from '../../../../cli/layout.ts'
import { EXIT } from '../../../../runtime/errors.ts'
import { defineCommand, withFleet } from '../../command.ts'
import { readAccepted } from '../../enrolment/site-keys.ts'
import { isOver } from '../../enrolment/waiting-boards.ts'

export const list = defineCommand({
  summary: 'list the enrolments, with how many boards each is for and was accepted for',
  run: withFleet(async ({ fleet, files, print }) => {
    const rows = await Promise.all(
      fleet.enrolments.map(async one => [
        ...[one.name, String(one.boards), String((await readAccepted(files.secrets, one.name)).length)],
        `${one.until}${isOver(one) ? ' (over)' : ''}`,
      ]),
    )
    if (rows.length === 0) print(`${files.fleet} has no enrolment; "oobm-relay enrolment open NAME" makes one`)
    else for (const line of alignColumns([['NAME', 'BOARDS', 'ACCEPTED', 'UNTIL'], ...rows])) print(line)
    return EXIT.ok
  }),
})
