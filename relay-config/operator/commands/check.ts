/** `oobm-relay check`: checks the fleet file, then each relay live. */
import { access, constants } from 'node:fs/promises'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { relaysOf } from '../../fleet/access.ts'
import { adviceOn } from '../../fleet/checks/advice.ts'
import { type Fleet, parseFleet, type Relay } from '../../fleet/fleet-config.ts'
import { keyPath } from '../../fleet/key-files.ts'
import { lookingOnly } from '../../relay/apply/sshd-service.ts'
import { checkHere } from '../check/check-here.ts'
import { checkRelay, type Identity } from '../check/check-relay.ts'
import { type BareInput, defineCommand } from '../command.ts'
import { readFleetText } from '../fleet-file.ts'
import { RELAY_OPTIONS, STDIN_OPTION } from '../prepare.ts'
import { withSpareKeys } from '../relay-keys.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const check = defineCommand({
  summary: 'check the fleet file, and test on each relay what must work and what must be refused',
  details: ['With --here or --stdin: compare a dedicated relay with the fleet file, as root on that relay.'],
  arguments: [{ value: 'RELAY', isOptional: true, isRepeated: true, help: 'check these relays only' }],
  options: {
    ...AT_RELAY_OPTIONS,
    here: { help: 'compare this host, or with --relay that relay, with the fleet file' },
    ...RELAY_OPTIONS,
    stdin: STDIN_OPTION,
  },
  atRelay: { when: isOfOneHost, isDedicated: true, stdin: 'public part' },
  run: async input => {
    const { files, values, print, signal } = input
    const positionals = [...input.positionals, ...(values.relay === undefined ? [] : [values.relay])]
    if (isOfOneHost(values)) return lookingOnly(() => checkHere(input))
    const fleet = parseFleet(files.fleet, await readFleetText(files.fleet))
    for (const name of positionals) {
      if (fleet.relays.some(relay => relay.name === name)) continue
      const known = fleet.relays.map(relay => relay.name).join(', ')
      throw new UserError(`"${name}" is not a relay in ${files.fleet}; the relays are: ${known}`, EXIT.usage)
    }
    const { relays, devices, technicians } = fleet
    print(
      `${files.fleet}: ok (relays: ${relays.length}, devices: ${devices.length}, technicians: ${technicians.length})`,
    )
    for (const advice of adviceOn(devices.flatMap(({ consoles }) => consoles))) print(`  note     ${advice}`)
    const pinned = await withSpareKeys(fleet, files.secrets)
    let wrong = 0
    for (const relay of pinned.relays) {
      if (positionals.length > 0 && !positionals.includes(relay.name)) continue
      print(`relay ${relay.name} (${relay.user}@${relay.host}, port ${relay.port})`)
      const identities = await identitiesOf(pinned, relay, files.secrets)
      if (identities.length === 0) {
        print('  untried  a key of one of its devices is needed: "oobm-relay keys DEVICE" makes one')
        wrong++
      }
      for await (const { result, what, advice } of checkRelay(pinned, relay, identities, signal)) {
        if (signal.aborted) return EXIT.failed
        print(`  ${result.padEnd(7)}  ${what}${advice === undefined ? '' : `: ${advice}`}`)
        if (result === 'WRONG') wrong++
      }
    }
    return wrong > 0 ? EXIT.failed : EXIT.ok
  },
})

function isOfOneHost({ here, stdin }: BareInput['values']): boolean {
  return here === true || stdin === true
}

/** The devices that use a relay, as far as their keys are here. */
async function identitiesOf(fleet: Fleet, relay: Relay, secrets: string): Promise<Identity[]> {
  const identities: Identity[] = []
  for (const device of fleet.devices.filter(device => relaysOf(fleet, device).includes(relay))) {
    const identityFile = keyPath(secrets, device.name, 'relayKey')
    try {
      await access(identityFile, constants.R_OK)
      identities.push({ device, identityFile })
    } catch (err) {
      if (errorCode(err) === 'ENOENT') continue
      throw new UserError(`cannot read ${identityFile}: ${reasonOf(err)}`, EXIT.configuration, { cause: err })
    }
  }
  return identities
}
