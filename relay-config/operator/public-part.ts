/** What a relay needs of the operator's files, without secrets: read beside a fleet file, or from the stream that `push` sends. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import * as z from 'zod'
import { publicKeySchema } from '../../formats/names.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { relaysOf } from '../fleet/access.ts'
import { type Fleet, parseFleet, type Relay } from '../fleet/fleet-config.ts'
import { keyPath } from '../fleet/key-files.ts'
import type { DeviceKeys, PublicPart } from '../relay/dedicated/desired-relay.ts'
import type { RelayPaths } from '../relay/relay-paths.ts'
import { readFleetText } from './fleet-file.ts'
import { readPublicKey } from './secrets.ts'

const streamSchema = z.strictObject({
  oobmRelayPush: z.literal(1),
  relay: z.string(),
  fleet: z.string(),
  /** The host key for a relay that replaces a lost one. */
  hostKey: z.string().optional(),
  deviceKeys: z.record(z.string(), z.strictObject({ relayKey: publicKeySchema, bridgeHostKey: publicKeySchema })),
})

/** For the standard input of `oobm-relay apply --stdin`. */
export function stringifyPublicPart({ fleetText, relay, deviceKeys, hostKey }: PublicPart): string {
  const stream: z.input<typeof streamSchema> = {
    oobmRelayPush: 1,
    relay: relay.name,
    fleet: fleetText,
    ...(hostKey !== undefined && { hostKey }),
    deviceKeys: Object.fromEntries(deviceKeys),
  }
  return `${JSON.stringify(stream)}\n`
}

export async function receivePublicPart(input: NodeJS.ReadableStream): Promise<PublicPart> {
  const raw = await text(input)
  let stream: z.output<typeof streamSchema>
  try {
    stream = streamSchema.parse(JSON.parse(raw))
  } catch (err) {
    const message = 'the input is not from an "oobm-relay push" of this version: install the same version on both sides'
    throw new UserError(message, EXIT.usage, { cause: err })
  }
  refusePrivateKey('the input', stream.fleet)
  const fleet = parseFleet('fleet.toml', stream.fleet)
  const part = { fleetText: stream.fleet, fleet, relay: dedicatedRelay(fleet, stream.relay) }
  const deviceKeys = new Map(Object.entries(stream.deviceKeys))
  const missing = devicesOf(part).find(({ name }) => !deviceKeys.has(name))
  if (missing) throw new UserError(`the input has no keys of ${missing.name}`, EXIT.usage)
  return { ...part, deviceKeys, hostKey: stream.hostKey }
}

/**
 * @param name of the relay; the only dedicated one, when left out
 * @throws UserError for the first key that is missing
 */
export async function readPublicPart(file: string, name: string | undefined, paths: RelayPaths): Promise<PublicPart> {
  const fleetText = await readFleetText(file)
  refusePrivateKey(file, fleetText)
  const fleet = parseFleet(file, fleetText)
  const relay = dedicatedRelay(fleet, name)
  const deviceKeys = new Map<string, DeviceKeys>()
  for (const device of devicesOf({ fleet, relay })) {
    const folder = keyFolder(file, device.name, paths)
    deviceKeys.set(device.name, {
      relayKey: await readPublicKey(folder, device.name, 'relayKey'),
      bridgeHostKey: await readPublicKey(folder, device.name, 'bridgeHostKey'),
    })
  }
  return { fleetText, fleet, relay, deviceKeys }
}

/** Everybody on a relay can read the fleet file there, also its comments. PuTTY's keys have a header of their own. */
function refusePrivateKey(file: string, text: string): void {
  const line = text.split('\n').findIndex(each => /PRIVATE KEY|^\W*Private-Lines:/.test(each)) + 1
  if (line === 0) return
  const advice = 'others can read this file on a relay. Remove the key, and make a new one in its place'
  throw new UserError(`${file}:${line}: the fleet file has a private key: ${advice}`, EXIT.configuration)
}

/** The operator's folder beside the file; or, for the applied file, the keys that were sent with it. */
function keyFolder(file: string, device: string, { fleet, deviceKeys }: RelayPaths): string {
  const beside = join(dirname(file), 'secrets')
  const isApplied = existsSync(fleet) && existsSync(file) && realpathSync(file) === realpathSync(fleet)
  return isApplied && !existsSync(`${keyPath(beside, device, 'relayKey')}.pub`) ? deviceKeys : beside
}

function devicesOf({ fleet, relay }: { fleet: Fleet; relay: Relay }) {
  return fleet.devices.filter(device => relaysOf(fleet, device).includes(relay))
}

/** @throws UserError that lists them */
function dedicatedRelay(fleet: Fleet, name: string | undefined): Relay {
  const all = fleet.relays.filter(relay => relay.accounts === 'dedicated')
  const names = all.map(relay => relay.name).join(', ') || 'none'
  const found = name === undefined ? all : all.filter(relay => relay.name === name)
  const [relay, second] = found
  if (relay !== undefined && second === undefined) return relay
  if (name !== undefined) {
    throw new UserError(`"${name}" is not a relay with dedicated accounts; known: ${names}`, EXIT.usage)
  }
  throw new UserError(`name one relay with dedicated accounts; known: ${names}`, EXIT.usage)
}
