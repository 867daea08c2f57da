/** `oobm-relay settings`: settings from afar, signed at the operator's seat and kept at the relays until devices come. */
import { defineCommand } from '../command.ts'
import { history } from './settings/history.ts'
import { push } from './settings/push.ts'
import { show } from './settings/show.ts'
import { sign } from './settings/sign.ts'

export const settings = defineCommand({
  summary: 'change the settings of devices from afar, with signed documents',
  commands: { push, show, history, sign },
})
