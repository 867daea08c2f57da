/** How the operator's own machine reaches a console: the ssh_config that technicians get, for as long as it is used. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sshSettings } from '../../cli/ssh.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { accessOf, relaysOf } from '../fleet/access.ts'
import type { Device, Technician } from '../fleet/fleet-config.ts'
import { renderSshConfig, searchCommand, searchOf } from '../fleet/render/ssh-config.ts'
import { invoker } from '../relay/invoker.ts'
import type { CommandInput } from './command.ts'
import { httpProxyFor, thisProgram } from './search/other-ways.ts'

export const CONSOLE_WAY_OPTIONS = {
  as: {
    value: 'TECHNICIAN',
    help: 'who you are in the fleet file; your login, or its only technician, when not given',
  },
  identity: { value: 'FILE', help: 'your private key; your agent and ssh’s own defaults when not given' },
} as const

/** Arguments of ssh before the console's name. */
export type ConsoleWay = readonly string[]

/** @throws UserError where the technician may not open it */
export async function withConsoleWay(
  input: CommandInput,
  name: string,
  use: (way: ConsoleWay) => Promise<number>,
): Promise<number> {
  const technician = technicianOf(input)
  const all = accessOf(input.fleet, technician)
  const found = all.find(({ consoles }) => consoles.some(console => console.name === name))
  if (!found) {
    const list = all.flatMap(({ consoles }) => consoles.map(console => console.name)).join(', ') || 'none'
    throw new UserError(`${technician.name} may not open a console "${name}"; there are: ${list}`, EXIT.usage)
  }
  return withWay(input, technician, found.device, use)
}

/** The same to the shell of a device. */
export async function withShellWay(
  input: CommandInput,
  name: string,
  use: (way: ConsoleWay) => Promise<number>,
): Promise<number> {
  const technician = technicianOf(input)
  const found = accessOf(input.fleet, technician).find(({ device, shell }) => shell && device.name === name)
  if (!found) throw new UserError(`${technician.name} may not open the shell of ${name}`, EXIT.usage)
  return withWay(input, technician, found.device, use)
}

async function withWay(
  input: CommandInput,
  technician: Technician,
  device: Device,
  use: (way: ConsoleWay) => Promise<number>,
): Promise<number> {
  const relays = relaysOf(input.fleet, device)
  const folder = await mkdtemp(join(tmpdir(), 'oobm-console-'))
  try {
    const config = join(folder, 'config')
    const files = { ...(await filesOf(input, technician)), configFile: config }
    await writeFile(config, renderSshConfig(input.fleet, technician, files))
    const needsSearch = relays.length > 1 || relays.some(({ tls }) => tls) || httpProxyFor('') !== undefined
    const command = searchCommand(thisProgram('proxy'), searchOf(relays, technician), files)
    return await use(['-F', config, ...(needsSearch ? sshSettings({ ProxyCommand: command }) : [])])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @throws UserError for nobody in the fleet file */
export function technicianOf({ fleet, files, values }: Pick<CommandInput, 'fleet' | 'files' | 'values'>): Technician {
  const [only, ...others] = fleet.technicians
  const name = values.as ?? invoker()
  const found = fleet.technicians.find(technician => technician.name === name)
  if (found) return found
  if (values.as === undefined && only && others.length === 0) return only
  throw new UserError(`"${name}" is not a technician of ${files.fleet}: give your name with --as`, EXIT.usage)
}

/** @throws UserError where "oobm-relay render" was not run */
export async function filesOf({ files, values }: CommandInput, { name }: Technician) {
  const knownHostsFile = resolve(files.rendered, 'technicians', name, 'known_hosts')
  try {
    await access(knownHostsFile)
  } catch (err) {
    throw new UserError(`${knownHostsFile} is missing: "oobm-relay render" writes it`, EXIT.configuration, {
      cause: err,
    })
  }
  return { knownHostsFile, ...(values.identity !== undefined && { identityFile: resolve(String(values.identity)) }) }
}
