/** The steps after a change of the fleet file: the commands to paste, for whom the change makes a difference. */
import { accessOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Relay, Technician } from '../fleet-config.ts'
import { renderDeviceConfig } from '../render/device-config.ts'
import { renderSshConfig } from '../render/ssh-config.ts'

/** Up to so many devices get a line each; more share one. */
const FEW = 5

/** @returns each step as a command, or a sentence without a full stop; none for a change that affects nobody */
export function nextSteps(before: Fleet, after: Fleet): string[] {
  const fresh = after.devices.filter(({ name }) => !before.devices.some(device => device.name === name))
  const changed = after.devices.filter(device => formOf(before, device) !== formOf(after, device))
  const relays = after.relays.filter(
    relay =>
      relay.accounts === 'dedicated' ||
      [...before.devices, ...after.devices].some(device => relaysOf(after, device).includes(relay)),
  )
  const people = after.technicians.filter(technician => wayOf(before, technician) !== wayOf(after, technician))
  const isNamed = ({ name }: Device) => !fresh.some(device => device.name === name)
  // A device in the field takes signed settings once it knows who signs them: with its next file, otherwise.
  const isSigned = before.settings.signers.length > 0 && after.settings.signers.length > 0
  const pushed = isSigned ? changed.filter(isNamed).map(({ name }) => name) : []
  const names = changed.map(({ name }) => name).filter(name => !pushed.includes(name))
  const isRendered = people.length > 0 && relays.every(({ accounts }) => accounts === 'dedicated')
  const toRelays = [...(isRendered ? ['oobm-relay render'] : []), ...stepsToRelays(relays)]
  const toDevices = [
    ...(names.length <= FEW
      ? names.map(name => `oobm-relay issue ${name}    # and its file to the device`)
      : [`oobm-relay issue DEVICE    # and its file to the device, for each of ${names.join(', ')}`]),
    ...(pushed.length > 0 ? [`oobm-relay settings push ${pushed.length <= FEW ? pushed.join(' ') : '--all'}`] : []),
  ]
  // The key of a relay that has none yet cannot be pinned.
  const isPinned = relays.every(({ hostKeys }) => hostKeys.length > 0)
  return [
    ...fresh.map(({ name }) => `oobm-relay keys ${name}`),
    ...(isPinned ? [...toRelays, ...toDevices] : [...stepsToRelays(relays), PIN, ...toDevices, 'oobm-relay render']),
    ...people.map(({ name }) => `send the folder rendered/technicians/${name} to ${name}`),
  ]
}

const PIN = 'put the host_keys that push prints into the fleet file'

/** The commands that bring a change to the relays themselves. */
export function stepsToRelays(relays: readonly Relay[]): string[] {
  const steps = relays.map(({ name, accounts, host, port, user }) =>
    accounts === 'dedicated'
      ? `oobm-relay push ${name}`
      : `ssh -p ${port} ${user}@${host} sh -s < rendered/relay/${name}/install`,
  )
  return [...(relays.some(({ accounts }) => accounts === 'shared') ? ['oobm-relay render'] : []), ...steps]
}

export function stepLines(steps: readonly string[]): string[] {
  return steps.map((step, index) => `${index === 0 ? 'Next: ' : '      '}${step}`)
}

/** A device's own file without its keys; undefined if there is no such device. */
function formOf(fleet: Fleet, { name }: Device): string | undefined {
  const whole = withKeys(fleet)
  const device = whole.devices.find(device => device.name === name)
  return device && JSON.stringify([renderDeviceConfig(whole, device, ''), fleet.settings.signers])
}

/** The facts that a technician's files are made of. */
function wayOf(fleet: Fleet, { name }: Technician): string | undefined {
  const whole = withKeys(fleet)
  const technician = whole.technicians.find(technician => technician.name === name)
  if (technician === undefined || accessOf(whole, technician).length === 0) return undefined
  return renderSshConfig(whole, technician, { knownHostsFile: '/' })
}

/** Works also for a relay that has no key yet. */
function withKeys(fleet: Fleet): Fleet {
  return { ...fleet, relays: fleet.relays.map(relay => ({ ...relay, hostKeys: ['none', ...relay.hostKeys] })) }
}
