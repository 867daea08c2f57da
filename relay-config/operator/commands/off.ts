/** `oobm-relay off`: closes a device's listeners until it is switched on again. */

import { parseDuration } from '../../../cli/ages.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { switchOff } from '../../relay/state/switch-maintenance.ts'
import { type Command, usageError } from '../command.ts'
import { SWITCH_OPTIONS, switchOf } from './switch-input.ts'

export const off: Command = {
  usage: 'DEVICE [--for 2h] [--reason TEXT] [--relay NAME | --root DIR | --state DIR]',
  summary: 'switch access to a device off; it closes its listeners at once',
  options: {
    ...SWITCH_OPTIONS,
    for: { type: 'string', value: 'TIME', help: 'end by itself after 90s, 30m, 2h or 1d' },
  },
  atRelay: { ofDevice: true },
  run: async input => {
    const { values, print } = input
    const { change } = await switchOf(input)
    const lastsMs = values.for === undefined ? undefined : parseDuration(String(values.for))
    if (values.for !== undefined && lastsMs === undefined) usageError('--for takes a time such as 90s, 30m, 2h or 1d')
    print(await switchOff(change, lastsMs === undefined ? undefined : change.nowMs + lastsMs))
    return EXIT.ok
  },
}
