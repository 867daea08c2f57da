/**
 * The operator's host keys of relays, in `secrets/_relays/RELAY/` (no device's name begins with `_`): for a dedicated relay a copy
 * of its key, under a passphrase; for a shared one a spare key that no host has.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publicKeySchema } from '../../formats/names.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { reasonOf } from '../../runtime/unexpected.ts'
import { relaysOf } from '../fleet/access.ts'
import type { Fleet, Relay } from '../fleet/fleet-config.ts'

/** The file of the private half; `.pub` beside it is the public one. */
export function relayKeyPath(secrets: string, relay: Relay): string {
  return join(secrets, '_relays', relay.name, relay.accounts === 'shared' ? 'spare_host_key' : 'host_key')
}

/** Type and base64; undefined without a key. @throws UserError for one that cannot be read */
export async function readRelayPublicKey(secrets: string, relay: Relay): Promise<string | undefined> {
  const path = `${relayKeyPath(secrets, relay)}.pub`
  try {
    return publicKeySchema.parse(await readFile(path, 'utf8'))
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path}: ${reasonOf(err)}`, EXIT.configuration, { cause: err })
  }
}

/** The fleet with the keys that devices and technicians pin: a shared relay may also answer with its spare key. */
export async function withSpareKeys(fleet: Fleet, secrets: string): Promise<Fleet> {
  const relays = await Promise.all(
    fleet.relays.map(async relay => {
      const spare = relay.accounts === 'shared' ? await readRelayPublicKey(secrets, relay) : undefined
      if (spare === undefined || relay.hostKeys.includes(spare)) return relay
      return { ...relay, hostKeys: [...relay.hostKeys, spare] }
    }),
  )
  return { ...fleet, relays }
}

/** The devices that pin a relay's host key and refuse another: `2 devices will refuse this relay: osaka, tokyo`. */
export function refusers(fleet: Fleet, relay: Relay): string {
  const names = fleet.devices.filter(device => relaysOf(fleet, device).some(({ name }) => name === relay.name))
  const count = names.length === 1 ? '1 device' : `${names.length} devices`
  const list = names.length === 0 ? '' : `: ${names.map(({ name }) => name).join(', ')}`
  return `${count} will refuse this relay${list}`
}
