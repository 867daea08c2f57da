/** `oobm-relay enrolment`: card files that are the same for all new boards of a site. */
import { defineCommand } from '../command.ts'
import { card } from './enrolment/card.ts'
import { close } from './enrolment/close.ts'
import { list } from './enrolment/list.ts'
import { open } from './enrolment/open.ts'

export const enrolment = defineCommand({
  summary: 'make a card file that all new boards of a site share, and end its use',
  commands: { open, list, card, close },
})
