/** `oobm-relay add`: what the command line says of a device, a technician or a console, as an entry of the file. */

import type { CommandOption } from '../../../cli/option.ts'
import { readPublicKeys } from '../../../formats/public-key-file.ts'
import { STABLE_EXAMPLE } from '../../../formats/serial-path.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { nameOf, readTextFile } from '../../../runtime/text-file.ts'
import { adviceOn } from '../../fleet/checks/advice.ts'
import * as changes from '../../fleet/edit/changes.ts'
import { nextPort, nextUid } from '../../fleet/edit/next-free.ts'
import { stepLines } from '../../fleet/edit/next-steps.ts'
import type { Item } from '../../fleet/edit/operations.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { type BareInput, usageError } from '../command.ts'
import { type Change, changeFleet } from './change-fleet.ts'
import { settingOptions } from './setting-options.ts'

type Options = Record<string, CommandOption>

const CONSOLE = settingOptions('devices.consoles')
const DEVICE = settingOptions('devices')
const TECHNICIAN = settingOptions('technicians')

const DEVICE_OPTIONS: Options = {
  ...DEVICE.options,
  port: { type: 'string', value: 'N', help: 'its first port on the relay; the next free pair when not given' },
  console: { type: 'string', value: 'NAME', help: 'a console that it has, with the options of "add console"' },
}

const TECHNICIAN_OPTIONS: Options = {
  key: { type: 'string', value: 'FILE|-', help: 'public key lines, from a .pub file or standard input' },
  ...TECHNICIAN.options,
  consoles: { type: 'string', value: 'NAME,...|all', help: 'consoles open to a technician; none when not given' },
}

export const ADD_OPTIONS: Options = { ...DEVICE_OPTIONS, ...CONSOLE.options, ...TECHNICIAN_OPTIONS }

export async function addEntry(input: BareInput): Promise<number> {
  const [kind, ...names] = input.positionals
  if (kind === 'device') await addDevice(input, names)
  else if (kind === 'technician') await addTechnician(input, names)
  else if (kind === 'console') await addConsole(input, names)
  else usageError('say what to add: device, technician or console')
  return EXIT.ok
}

async function addDevice(input: BareInput, names: string[]): Promise<void> {
  const name = only('device', names)
  takeOnly('device', input, { ...DEVICE_OPTIONS, ...CONSOLE.options })
  const { values } = input
  const console = values.console === undefined ? undefined : lineItem(input, String(values.console))
  if (!console) takeOnly('device without --console', input, DEVICE_OPTIONS)
  const steps = await changeFleet(input, fleet => {
    const given = DEVICE.itemOf(values)
    const port = Number(given.port ?? nextPort(fleet) ?? noneLeft('port pair', 'give one with --port'))
    const item = { name, port, ...given, ...(console && { consoles: [console] }) }
    return { operations: changes.addDevice(item), done: `added device ${name}, ports ${port} and ${port + 1}` }
  })
  if (console) printAdvice(input, console)
  for (const line of stepLines(steps)) input.print(line)
}

async function addConsole(input: BareInput, names: string[]): Promise<void> {
  const [device, ...rest] = names
  if (device === undefined || rest.length === 0) usageError('name the device and then the console')
  const name = only('console', rest)
  takeOnly('console', input, CONSOLE.options)
  const item = lineItem(input, name)
  const steps = await changeFleet(input, (fleet, value) => {
    const operations = changes.addConsole(value, device, item) ?? noDevice(fleet, device)
    return { operations, done: `added console ${name} to ${device}` }
  })
  printAdvice(input, item)
  input.print('Open to those whose consoles are "all".')
  for (const line of stepLines(steps)) input.print(line)
}

async function addTechnician(input: BareInput, names: string[]): Promise<void> {
  const name = only('technician', names)
  takeOnly('technician', input, TECHNICIAN_OPTIONS)
  const { values, print } = input
  if (values.key === undefined) usageError('a technician needs a key: give --key FILE, or --key - for standard input')
  const keys = await readKeys(String(values.key))
  const steps = await changeFleet(input, (fleet): Change => {
    const needsUid = fleet.relays.some(({ accounts }) => accounts === 'dedicated')
    const uid = needsUid ? (nextUid(fleet) ?? noneLeft('uid', 'write one into the file by hand')) : undefined
    const item: Item = {
      name,
      keys,
      ...(uid !== undefined && { uid }),
      // Always written: nothing is open to anybody by default.
      consoles: [],
      ...TECHNICIAN.itemOf(values),
    }
    const account = uid === undefined ? '' : `, uid ${uid}`
    return {
      operations: changes.addTechnician(item),
      done: `added technician ${name} (keys: ${keys.length})${account}`,
    }
  })
  if (values.consoles === undefined && values.shells === undefined) {
    print(`Nothing is open to ${name} yet: write it into consoles or shells in the file.`)
  }
  for (const line of stepLines(steps)) print(line)
}

function printAdvice({ print }: BareInput, item: LineItem): void {
  for (const advice of adviceOn([item])) print(`Note: ${advice}.`)
}

type LineItem = Item & { name: string; path: string; baudRate?: number }

function lineItem({ values }: BareInput, name: string): LineItem {
  if (values.path === undefined)
    usageError(`console ${name} needs the --path of its serial line, such as ${STABLE_EXAMPLE}`)
  return { name, ...CONSOLE.itemOf(values) } as LineItem
}

/** Each key of a .pub file, with its comment as far as it is plain text. */
async function readKeys(file: string): Promise<string[]> {
  const keys = readPublicKeys(nameOf(file), await readTextFile(file))
  return keys.map(({ key, comment }) => [key, comment].filter(part => part !== '').join(' '))
}

function takeOnly(what: string, { values }: BareInput, options: Options): void {
  const wrong = Object.keys(values).find(name => Object.hasOwn(ADD_OPTIONS, name) && !Object.hasOwn(options, name))
  if (wrong !== undefined) usageError(`a ${what} takes no --${wrong}`)
}

function only(kind: string, names: string[]): string {
  const [name, ...more] = names
  if (name === undefined || more.length > 0) usageError(`name one ${kind}`)
  return name
}

function noDevice(fleet: Fleet, name: string): never {
  const known = fleet.devices.map(device => device.name).join(', ') || 'none'
  throw new UserError(`"${name}" is not a device of this fleet; there are: ${known}`, EXIT.usage)
}

function noneLeft(what: string, advice: string): never {
  throw new UserError(`no ${what} is free any more: ${advice}`)
}
