/** `oobm-relay off`: closes the listeners of a device until it is switched on again. */

import { usageError } from '../../../cli/command.ts'
import { parseDuration } from '../../../cli/times.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { switchOff } from '../../relay/state/switch-maintenance.ts'
import { defineCommand, withFleet } from '../command.ts'
import { SWITCH_OPTIONS, switchOf } from './switch-input.ts'

export const off = defineCommand({
  summary: 'switch access to a device off, until it is switched on again',
  details: [
    'The device closes its listeners at once: nobody gets in, and open sessions end.',
    'It is switched off at each of its relays; where that fails, you are told.',
  ],
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: {
    for: { value: 'TIME', help: 'switch on again by itself after 90s, 30m, 2h or 1d' },
    ...SWITCH_OPTIONS,
  },
  examples: ['off tokyo-rack1 --for 2h --reason "power work"'],
  atRelay: { each: true, ofDevice: true },
  run: withFleet(async input => {
    const { values, print } = input
    const { change } = await switchOf(input)
    const lastsMs = values.for === undefined ? undefined : parseDuration(values.for)
    if (values.for !== undefined && lastsMs === undefined) usageError('--for takes a time such as 90s, 30m, 2h or 1d')
    print(await switchOff(change, lastsMs === undefined ? undefined : change.nowMs + lastsMs))
    return EXIT.ok
  }),
})
