/** `oobm-relay on`: lets a device open its listeners again. */
import { usageError } from '../../../cli/command.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { relaysOf } from '../../fleet/access.ts'
import type { Device, Relay } from '../../fleet/fleet-config.ts'
import { switchOn } from '../../relay/state/switch-maintenance.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { SWITCH_OPTIONS, switchOf } from './switch-input.ts'

export const on = defineCommand({
  summary: 'switch access to a device on, and wait until the device proves reachable',
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: {
    to: { value: 'HOST', help: 'which of its relays the device is to use' },
    port: { value: 'N', help: 'the port of that relay, where several have this host' },
    user: { value: 'LOGIN', help: 'the login on that relay, where several have this host' },
    ...SWITCH_OPTIONS,
  },
  atRelay: { each: true, ofDevice: true },
  run: withFleet(async input => {
    const { device, change } = await switchOf(input)
    input.print(await switchOn(change, targetOf(input, device)))
    return EXIT.ok
  }),
})

/** A device knows the host keys of its own relays only. */
function targetOf({ fleet, files, values }: CommandInput, device: Device): Relay | undefined {
  const { port, user } = values
  // With --state or --root, nothing connects to a relay: --relay is an older spelling of --to.
  const relay = values.to ?? (values.state !== undefined || values.root !== undefined ? values.relay : undefined)
  if (relay === undefined) {
    if (port !== undefined || user !== undefined) usageError('--port and --user belong to --to HOST')
    return undefined
  }
  const known = relaysOf(fleet, device)
  const found = known.find(one => {
    const isPort = port === undefined || String(one.port) === port
    return (one.host === relay || one.name === relay) && isPort && (user === undefined || one.user === user)
  })
  if (found) return found
  const list = known.map(one => `${one.user}@${one.host}, port ${one.port}`).join('; ')
  throw new UserError(`no such relay of ${device.name} in ${files.fleet}; its relays are: ${list}`, EXIT.usage)
}
