/** Every command of `oobm-relay`: the table from which the program, its help, man page and completion are made. */
import type { Program } from '../../../cli/command.ts'
import { VERSION } from '../../../runtime/version.ts'
import type { Command } from '../command.ts'
import { accept } from './accept.ts'
import { add } from './add.ts'
import { apply } from './apply.ts'
import { blink } from './blink.ts'
import { check } from './check.ts'
import { connect } from './connect.ts'
import { desk } from './desk.ts'
import { enrolment } from './enrolment.ts'
import { events } from './events.ts'
import { history } from './history.ts'
import { hopKeys } from './hop-keys.ts'
import { hostKey } from './host-key.ts'
import { init } from './init.ts'
import { issue } from './issue.ts'
import { keys } from './keys.ts'
import { list } from './list.ts'
import { metrics } from './metrics.ts'
import { nagios } from './nagios.ts'
import { off } from './off.ts'
import { on } from './on.ts'
import { passwd } from './passwd.ts'
import { pending } from './pending.ts'
import { plan } from './plan.ts'
import { proxy } from './proxy.ts'
import { push } from './push.ts'
import { reach } from './reach.ts'
import { reject } from './reject.ts'
import { remove } from './remove.ts'
import { rename } from './rename.ts'
import { render } from './render.ts'
import { settings } from './settings.ts'
import { status } from './status.ts'
import { top } from './top.ts'
import { trend } from './trend.ts'
import { upgrade } from './upgrade.ts'
import { watch } from './watch.ts'
import { wifi } from './wifi.ts'

export const PROGRAM: Program<Command> = {
  name: 'oobm-relay',
  summary: 'manage a fleet of out-of-band consoles and the SSH relays that they are reached through',
  version: VERSION,
  groups: {
    'Edit the fleet file': { init, add, remove, rename, list },
    'Make keys and files': { keys, issue, render },
    'Accept new boards that share one card file': { enrolment, pending, accept, reject },
    'Set up and check relays': {
      push,
      plan,
      apply,
      check,
      'hop-keys': hopKeys,
      'host-key': hostKey,
      passwd,
    },
    'Change devices from afar': { settings, wifi, upgrade },
    'See and control devices': {
      status,
      top,
      desk,
      on,
      off,
      history,
      trend,
      blink,
      connect,
      proxy,
      reach,
      watch,
      metrics,
      events,
      nagios,
    },
  },
  options: {
    fleet: { value: 'FILE', help: 'the fleet file; $OOBM_FLEET, or else ./fleet.toml, when not given' },
  },
}
