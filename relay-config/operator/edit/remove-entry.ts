/** `oobm-relay remove` and `rename`: one entry of the fleet file, and all references to it. */
import { existsSync } from 'node:fs'
import { rename as moveFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import * as changes from '../../fleet/edit/changes.ts'
import { lostCardLines } from '../../fleet/edit/lost-card.ts'
import { stepLines } from '../../fleet/edit/next-steps.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { gatewayPaths } from '../../fleet/key-files.ts'
import type { BareInput } from '../command.ts'
import { changeFleet } from './change-fleet.ts'

/** The entry that the first argument names. */
export async function removeEntry(input: BareInput, kind: changes.Kind): Promise<number> {
  const { files, print } = input
  const [name = ''] = input.positionals
  let lost: string[] = []
  const steps = await changeFleet(input, (fleet, value) => {
    const device = kind === 'device' ? fleet.devices.find(one => one.name === name) : undefined
    if (device !== undefined) lost = lostCardLines(fleet, device)
    const operations = changes.remove(value, kind, name) ?? missing(fleet, kind, name)
    // The first is the entry itself.
    const also = operations.length > 1 ? `, and from lists of technicians (${operations.length - 1})` : ''
    return { operations, done: `removed ${kind} ${name}${also}` }
  })
  if (kind === 'device' && existsSync(join(files.secrets, name))) {
    print(`Its keys are still in ${join(files.secrets, name)}: delete them if it never comes back.`)
  }
  for (const line of stepLines(steps)) print(line)
  if (kind !== 'console') print(`Until then, ${name} can still log in.`)
  if (lost.length > 0) print('If its card is lost or stolen, change these, too (docs/stolen-card.md):')
  for (const line of lost) print(`  - ${line}`)
  return EXIT.ok
}

/** The entry that the first argument names; also renames the folder with the keys of a device. */
export async function renameEntry(input: BareInput, kind: changes.Kind): Promise<number> {
  const { files, print } = input
  const [oldName = '', newName = ''] = input.positionals
  const [from, to] = [join(files.secrets, oldName), join(files.secrets, newName)]
  const movesKeys = kind === 'device' && existsSync(from)
  if (movesKeys && existsSync(to)) throw new UserError(`there are keys in ${to} already; nothing was changed`)
  const steps = await changeFleet(input, (fleet, value) => {
    const operations = changes.rename(value, kind, oldName, newName) ?? missing(fleet, kind, oldName)
    return { operations, done: `renamed ${kind} ${oldName} to ${newName}` }
  })
  const sayNext = () => {
    // Its keys have the new name, too: none are missing.
    for (const line of stepLines(steps.filter(step => !step.startsWith('oobm-relay keys ')))) print(line)
  }
  if (!movesKeys) {
    if (kind === 'device') print(`${from} is not here: where the keys are, rename that folder to ${newName}.`)
    sayNext()
    return EXIT.ok
  }
  try {
    await moveFile(from, to)
    await moveGatewayKeys(files.secrets, oldName, newName)
  } catch (err) {
    throw new UserError(
      `the file is changed, but ${from} could not be moved to ${to}: ${reasonOf(err)}. Move it by hand`,
    )
  }
  print(`moved ${from} to ${to}`)
  sayNext()
  return EXIT.ok
}

/** Their names have the name of the device in them. */
async function moveGatewayKeys(secrets: string, oldName: string, newName: string): Promise<void> {
  // Both are in the folder of the new name by now.
  const [old, now] = [gatewayPaths('', oldName), gatewayPaths(secrets, newName)]
  const pairs = [
    [old.privateKey, now.privateKey],
    [`${old.privateKey}.pub`, `${now.privateKey}.pub`],
    [old.relayPublicKey, now.relayPublicKey],
  ] as const
  for (const [from, to] of pairs) {
    const path = join(secrets, newName, basename(from))
    if (existsSync(path)) await moveFile(path, to)
  }
}

function missing({ devices, technicians, enrolments }: Fleet, kind: changes.Kind, name: string): never {
  const entries = {
    device: devices,
    technician: technicians,
    console: devices.flatMap(({ consoles }) => consoles),
    enrolment: enrolments,
  }[kind]
  const known = entries.map(entry => entry.name).join(', ') || 'none'
  throw new UserError(`"${name}" is not a ${kind} of this fleet; there are: ${known}`, EXIT.usage)
}
