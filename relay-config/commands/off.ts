/** `oobm-relay off`: closes a device's listeners until it is switched on again. */
import { EXIT } from '../../runtime/errors.ts'
import { listenersOf } from '../access.ts'
import { parseDuration } from '../fleet-state/ages.ts'
import { STATE_OPTIONS, statePathsOf } from '../fleet-state/state-paths.ts'
import { requireOperator, switchOff } from '../fleet-state/switch-maintenance.ts'
import { invoker } from '../history.ts'
import { type Command, deviceOf, usageError } from './command.ts'

export const off: Command = {
  usage: 'DEVICE [--for 2h] [--reason TEXT] [--root DIR | --state DIR]',
  summary: 'on the relay: switch remote maintenance off; the device closes its listeners at once',
  options: {
    ...STATE_OPTIONS,
    for: { type: 'string', value: 'TIME', help: 'end by itself after 90s, 30m, 2h or 1d' },
    reason: { type: 'string', value: 'TEXT', help: 'what the history is to say' },
  },
  run: async input => {
    const { fleet, values, print, signal } = input
    const device = deviceOf(input)
    const by = invoker()
    requireOperator(fleet, by)
    const nowMs = Date.now()
    const lastsMs = values.for === undefined ? undefined : parseDuration(String(values.for))
    if (values.for !== undefined && lastsMs === undefined) usageError('--for takes a time such as 90s, 30m, 2h or 1d')
    const reason = values.reason === undefined ? {} : { reason: String(values.reason).slice(0, 200) }
    const ports = Object.values(listenersOf(device))
    const what = { paths: statePathsOf(values), device: device.name, ports, by, nowMs, signal, ...reason }
    print(await switchOff(what, lastsMs === undefined ? undefined : nowMs + lastsMs))
    return EXIT.ok
  },
}
