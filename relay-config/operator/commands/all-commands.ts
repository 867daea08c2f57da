/** Every word of `oobm-relay`: the one table that the program, its help, the man page and the completion are made from. */

import type { CommandOption } from '../../../cli/option.ts'
import type { Command } from '../command.ts'
import { add } from './add.ts'
import { apply } from './apply.ts'
import { blink } from './blink.ts'
import { check } from './check.ts'
import { history } from './history.ts'
import { hopKeys } from './hop-keys.ts'
import { hostKey } from './host-key.ts'
import { init } from './init.ts'
import { issue } from './issue.ts'
import { keys } from './keys.ts'
import { list } from './list.ts'
import { metrics } from './metrics.ts'
import { off } from './off.ts'
import { on } from './on.ts'
import { passwd } from './passwd.ts'
import { plan } from './plan.ts'
import { push } from './push.ts'
import { remove } from './remove.ts'
import { rename } from './rename.ts'
import { render } from './render.ts'
import { status } from './status.ts'
import { watch } from './watch.ts'

/** In the order in which they are shown: the order in which one meets them. */
export const COMMANDS: Record<string, Command> = {
  init,
  add,
  remove,
  rename,
  list,
  keys,
  render,
  issue,
  push,
  plan,
  apply,
  check,
  'hop-keys': hopKeys,
  'host-key': hostKey,
  passwd,
  status,
  on,
  off,
  history,
  blink,
  watch,
  metrics,
}

/** Options of every word. */
export const COMMON = {
  fleet: {
    type: 'string',
    value: 'FILE',
    help: 'the fleet file; else $OOBM_FLEET, else ./fleet.toml',
  },
  help: { type: 'boolean', short: 'h', help: 'say how a word is used' },
  version: { type: 'boolean', help: 'print the version' },
} as const satisfies Record<string, CommandOption>
