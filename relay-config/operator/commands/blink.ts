/** `oobm-relay blink`: a device's LED says which board it is. */

import { parseDuration } from '../../../cli/ages.ts'
import { BLINK_MAX_S } from '../../../formats/control-protocol.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { tellDevice } from '../../relay/state/tell-device.ts'
import { type Command, deviceOf, usageError } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

const DEFAULT_S = 30

export const blink: Command = {
  usage: 'DEVICE [--for 30s] [--relay NAME | --root DIR | --state DIR]',
  summary: 'have a device’s LED say "here I am": two quick flashes, again and again',
  options: {
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
    for: { type: 'string', value: 'TIME', help: 'for so long: 30s, 5m; 10m at the most' },
  },
  atRelay: { ofDevice: true },
  run: async input => {
    const { values, print } = input
    const device = deviceOf(input)
    const lastsMs = values.for === undefined ? DEFAULT_S * 1000 : parseDuration(String(values.for))
    if (lastsMs === undefined || lastsMs > BLINK_MAX_S * 1000)
      usageError('--for takes a time such as 30s, and 10m at the most')
    const seconds = lastsMs / 1000
    if (await tellDevice(statePathsOf(values), device.name, { type: 'blink', seconds })) {
      print(`${device.name} blinks for ${seconds} s`)
      return EXIT.ok
    }
    print(`${device.name} is not connected to this relay`)
    return EXIT.unavailable
  },
}
