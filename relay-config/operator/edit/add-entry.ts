/** `oobm-relay add`: makes an entry for a device, a technician or a console from the command line. */
import { type Options, type OptionValues, usageError } from '../../../cli/command.ts'
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
import type { BareInput } from '../command.ts'
import { type Change, changeFleet } from './change-fleet.ts'
import { settingOptions } from './setting-options.ts'

const CONSOLE = settingOptions('devices.consoles')
const DEVICE = settingOptions('devices')
const TECHNICIAN = settingOptions('technicians')

export const CONSOLE_OPTIONS = CONSOLE.options

export const DEVICE_OPTIONS: Options = {
  ...DEVICE.options,
  port: { value: 'N', help: 'its first port on the relay; the next free pair when not given' },
  console: { value: 'NAME', help: 'add this console too, with the options of "add console"' },
}

export const TECHNICIAN_OPTIONS: Options = {
  key: { value: 'FILE', help: 'read public keys from a .pub file, or with - from standard input' },
  ...TECHNICIAN.options,
  consoles: { value: 'NAME,...|all', help: 'the consoles that they may open; none when not given' },
}

export async function addDevice(input: BareInput): Promise<number> {
  const [name = ''] = input.positionals
  for (const line of stepLines(await putDevice(input, name))) input.print(line)
  return EXIT.ok
}

/** @returns the next steps for a device whose keys are made at the operator's seat */
export async function putDevice(input: BareInput, name: string): Promise<string[]> {
  const { values } = input
  const console = values.console === undefined ? undefined : lineItem(values, String(values.console))
  const lone = console ? undefined : Object.keys(CONSOLE_OPTIONS).find(option => values[option] !== undefined)
  if (lone !== undefined) usageError(`--${lone} needs --console`)
  const steps = await changeFleet(input, fleet => {
    const given = DEVICE.itemOf(values)
    const port = Number(given.port ?? nextPort(fleet) ?? noneLeft('port pair', 'give one with --port'))
    const item = { name, port, ...given, ...(console && { consoles: [console] }) }
    return { operations: changes.addDevice(item), done: `added device ${name}, ports ${port} and ${port + 1}` }
  })
  if (console) printAdvice(input, console)
  return steps
}

export async function addConsole(input: BareInput): Promise<number> {
  const [device = '', name = ''] = input.positionals
  const item = lineItem(input.values, name)
  const steps = await changeFleet(input, (fleet, value) => {
    const operations = changes.addConsole(value, device, item) ?? noDevice(fleet, device)
    return { operations, done: `added console ${name} to ${device}` }
  })
  printAdvice(input, item)
  input.print('It is open to technicians whose consoles are "all".')
  for (const line of stepLines(steps)) input.print(line)
  return EXIT.ok
}

export async function addTechnician(input: BareInput): Promise<number> {
  const { values, print } = input
  const [name = ''] = input.positionals
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
  return EXIT.ok
}

function printAdvice({ print }: BareInput, item: LineItem): void {
  for (const advice of adviceOn([item])) print(`Note: ${advice}.`)
}

type LineItem = Item & { name: string; path?: string; usb?: string; baudRate?: number }

function lineItem(values: OptionValues, name: string): LineItem {
  if (values.path === undefined && values.usb === undefined)
    usageError(`console ${name} needs the --path of its serial line, such as ${STABLE_EXAMPLE}, or its --usb port`)
  if (values.path !== undefined && values.usb !== undefined) usageError('--path and --usb exclude each other')
  return { name, ...CONSOLE.itemOf(values) } as LineItem
}

/** Each key of a .pub file, with its comment as far as it is plain text. */
async function readKeys(file: string): Promise<string[]> {
  const keys = readPublicKeys(nameOf(file), await readTextFile(file))
  return keys.map(({ key, comment }) => [key, comment].filter(part => part !== '').join(' '))
}

function noDevice(fleet: Fleet, name: string): never {
  const known = fleet.devices.map(device => device.name).join(', ') || 'none'
  throw new UserError(`"${name}" is not a device of this fleet; there are: ${known}`, EXIT.usage)
}

function noneLeft(what: string, advice: string): never {
  throw new UserError(`no ${what} is free: ${advice}`)
}
