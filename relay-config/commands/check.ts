/** `oobm-relay check`: the fleet file, then each relay as it is, live. */
import { access } from 'node:fs/promises'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { relaysOf } from '../access.ts'
import { RELAY_OPTIONS } from '../apply/prepare.ts'
import { readFleetText } from '../apply/public-part.ts'
import { checkHere } from '../check/check-here.ts'
import { checkRelay, type Identity } from '../check/check-relay.ts'
import { type Fleet, parseFleet, type Relay } from '../fleet-config.ts'
import { keyPath } from '../secrets.ts'
import type { Command } from './command.ts'

export const check: Command = {
  usage: '[RELAY...]\n--here [--no-systemd] [--root DIR]',
  summary:
    'check the fleet file, then try on each relay what must work and what must be refused; --here: on a dedicated relay, as root: what differs from the file',
  options: {
    here: { type: 'boolean', help: 'compare this host with the fleet file' },
    ...RELAY_OPTIONS,
  },
  runBare: async input => {
    const { files, positionals, values, print, signal } = input
    if (values.here) return checkHere(input)
    const fleet = parseFleet(files.fleet, await readFleetText(files.fleet))
    for (const name of positionals) {
      if (fleet.relays.some(relay => relay.name === name)) continue
      throw new UserError(`"${name}" is not a relay of ${files.fleet}`, EXIT.usage)
    }
    const { relays, devices, technicians } = fleet
    print(
      `${files.fleet}: ok (relays: ${relays.length}, devices: ${devices.length}, technicians: ${technicians.length})`,
    )
    let wrong = 0
    for (const relay of relays) {
      if (positionals.length > 0 && !positionals.includes(relay.name)) continue
      print(`relay ${relay.name} (${relay.user}@${relay.host}, port ${relay.port})`)
      const identities = await identitiesOf(fleet, relay, files.secrets)
      if (identities.length === 0) {
        print('  untried  it takes a key of one of its devices: "oobm-relay keys DEVICE" makes one')
        wrong++
      }
      for await (const { result, what, advice } of checkRelay(relay, identities, signal)) {
        if (signal.aborted) return EXIT.failed
        print(`  ${result.padEnd(7)}  ${what}${advice === undefined ? '' : `: ${advice}`}`)
        if (result === 'WRONG') wrong++
      }
    }
    return wrong > 0 ? EXIT.failed : EXIT.ok
  },
}

/** The devices that use a relay and whose key is here. */
async function identitiesOf(fleet: Fleet, relay: Relay, secrets: string): Promise<Identity[]> {
  const identities: Identity[] = []
  for (const device of fleet.devices.filter(device => relaysOf(fleet, device).includes(relay))) {
    const identityFile = keyPath(secrets, device.name, 'relayKey')
    if (
      await access(identityFile).then(
        () => true,
        () => false,
      )
    )
      identities.push({ device, identityFile })
  }
  return identities
}
