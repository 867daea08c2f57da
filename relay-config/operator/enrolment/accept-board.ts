/** A board that waits becomes a device of the fleet: its public keys beside the fleet file first, then the entry. May be repeated. */
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { relaysOf } from '../../fleet/access.ts'
import { parseFleet, type Relay } from '../../fleet/fleet-config.ts'
import { DEVICE_KEYS, type DeviceKey, keyPath } from '../../fleet/key-files.ts'
import type { CommandInput } from '../command.ts'
import { putDevice } from '../edit/add-entry.ts'
import { readFleetText } from '../fleet-file.ts'
import { readPublicKey } from '../secrets.ts'
import type { WaitingBoard } from './judge-requests.ts'
import { noteAccepted, readAccepted } from './site-keys.ts'
import { isOver } from './waiting-boards.ts'
import { refuseUnsigned } from './write-card-file.ts'

/**
 * @returns the relays that must learn its key
 * @throws UserError when nothing was changed
 */
export async function acceptBoard(input: CommandInput, board: WaitingBoard, name: string): Promise<Relay[]> {
  const { fleet, files, print } = input
  const { request, id, device } = board
  if (device !== undefined && device !== name)
    throw new UserError(`${request.board} is the device ${device} already`, EXIT.usage)
  if (device === undefined) await refuseLate(input, board)
  refuseUnsigned(fleet, files.fleet)
  const keys: Record<DeviceKey, string> = {
    relayKey: request.relayKey,
    bridgeHostKey: request.bridgeHostKey,
    shellHostKey: request.shellHostKey,
  }
  await refuseTaken(files.secrets, name, keys)
  const there = fleet.devices.find(one => one.name === name)
  if (there?.gateway || input.values.gateway) {
    const advice = 'its login key is made at the seat: use "oobm-relay issue", or set gateway = false'
    throw new UserError(`a device with gateway = true cannot be enrolled: ${advice}`, EXIT.usage)
  }
  if (there === undefined) await putDevice(input, name)
  await mkdir(join(files.secrets, name), { recursive: true, mode: 0o700 })
  for (const key of Object.keys(DEVICE_KEYS) as DeviceKey[])
    await writeAtomically(`${keyPath(files.secrets, name, key)}.pub`, `${keys[key]} ${name}\n`, 0o644)
  await noteAccepted(files.secrets, request.site, id, name)
  print(`accepted ${request.board} as ${name}; its public keys are in ${join(files.secrets, name)}`)
  const after = parseFleet(files.fleet, await readFleetText(files.fleet))
  return after.devices.filter(one => one.name === name).flatMap(one => relaysOf(after, one))
}

/** The relay's own count and clock are not what the seat relies on: it may be broken into. */
async function refuseLate({ fleet, files }: CommandInput, { request, id }: WaitingBoard): Promise<void> {
  const enrolment = fleet.enrolments.find(one => one.name === request.site)
  if (enrolment === undefined) throw new UserError(`${request.site} is no enrolment of ${files.fleet}`, EXIT.failed)
  const where = `of the enrolment ${enrolment.name} in ${files.fleet}`
  if (isOver(enrolment))
    throw new UserError(`not accepted: the last day was ${enrolment.until}; change "until" ${where} if you want it`)
  const accepted = await readAccepted(files.secrets, enrolment.name)
  if (accepted.includes(id) || accepted.length < enrolment.boards) return
  const message = `not accepted: ${accepted.length} boards are, and no more may be; raise "boards" ${where} if you want it`
  throw new UserError(message)
}

/** The name of another board, or of one whose card the operator issued. */
async function refuseTaken(secrets: string, name: string, keys: Record<DeviceKey, string>): Promise<void> {
  const folder = join(secrets, name)
  const there = await readdir(folder).catch((): string[] => [])
  for (const key of Object.keys(DEVICE_KEYS) as DeviceKey[]) {
    const path = keyPath(secrets, name, key)
    const advice = `choose another name; or, if no board has these keys any more, delete ${folder}`
    if (existsSync(path)) throw new UserError(`${name} has keys that were made here: ${advice}`, EXIT.usage)
    if (!there.includes(`${DEVICE_KEYS[key]}.pub`)) continue
    if ((await readPublicKey(secrets, name, key)) === keys[key]) continue
    throw new UserError(`${name} is another board: ${advice}`, EXIT.usage)
  }
}
