/** The settings documents of the test: what the operator says in each, and what the board must have of it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringifyToml } from '../../../formats/toml-file.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { CONSOLE, DEVICE, type Operation, RELAY_ADDRESS } from '../image/relay.ts'

/** The relay has it, too. */
export const SECOND_ADDRESS = '192.0.2.11'
/** Nobody has it. */
const WRONG_ADDRESS = '192.0.2.99'

/** One that a board may have: each half by what no other document says. */
export interface Access {
  serial: number
  /** Who is in the device's configuration beside the technician of the test; nobody at first. */
  person: { name: string; key: string } | undefined
}

export interface Connectivity {
  relay: string
  /** Of the console; none at first. */
  label: string | undefined
}

export interface Document {
  isRight: boolean
  access: Access
  connectivity: Connectivity
}

export const FIRST: Document = {
  isRight: true,
  access: { serial: 0, person: undefined },
  connectivity: { relay: RELAY_ADDRESS, label: undefined },
}

/** @param proved the connectivity that the board has */
export async function nextDocument(
  folder: string,
  serial: number,
  isRight: boolean,
  proved: Connectivity,
): Promise<Document> {
  const name = `person-${serial}`
  const relay = proved.relay === RELAY_ADDRESS ? SECOND_ADDRESS : RELAY_ADDRESS
  return {
    isRight,
    access: { serial, person: { name, key: (await makeKey(folder, name)).publicKey } },
    connectivity: { relay: isRight ? relay : WRONG_ADDRESS, label: `label-${serial}` },
  }
}

/** Changes the fleet file, signs the document, and leaves it at the relay, which tells the device. */
export async function push(
  root: string,
  { fleet, operate, state }: Operation,
  { access: { person, serial }, connectivity: { relay, label } }: Document,
): Promise<void> {
  const people =
    person === undefined ? [] : [{ name: person.name, keys: [person.key], consoles: 'all', shells: [DEVICE] }]
  const text = stringifyToml({
    ...fleet,
    relays: fleet.relays.map(one => ({ ...one, host: relay })),
    devices: fleet.devices.map(one => ({ ...one, consoles: [{ name: CONSOLE, path: '/dev/ttyUSB0', label }] })),
    technicians: [...fleet.technicians, ...people],
  })
  await writeFile(join(root, 'fleet.toml'), text)
  await operate('settings', 'push', DEVICE, '--serial', `${serial}`, '--state', state)
}
