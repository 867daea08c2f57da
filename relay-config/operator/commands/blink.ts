/** `oobm-relay blink`: flashes the LED of a device, so that people on site find it. */

import { usageError } from '../../../cli/command.ts'
import { parseDuration } from '../../../cli/times.ts'
import { BLINK_MAX_S } from '../../../formats/control-protocol.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { tellDevice } from '../../relay/state/tell-device.ts'
import { defineCommand, deviceOf, withFleet } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const blink = defineCommand({
  summary: 'flash the LED of a device, so that people on site find it',
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: {
    for: { value: 'TIME', default: '30s', help: 'how long, such as 30s or 5m; 10m at most' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  atRelay: { each: 'any', ofDevice: true },
  run: withFleet(async input => {
    const { values, print } = input
    const device = deviceOf(input)
    const lastsMs = parseDuration(values.for)
    if (lastsMs === undefined || lastsMs > BLINK_MAX_S * 1000) usageError('--for takes a time such as 30s, 10m at most')
    const seconds = lastsMs / 1000
    if (await tellDevice(statePathsOf(values), device.name, { type: 'blink', seconds })) {
      print(`${device.name} blinks for ${seconds} s`)
      return EXIT.ok
    }
    print(`${device.name} is not connected to this relay`)
    return EXIT.unavailable
  }),
})
