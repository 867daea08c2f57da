/** `oobm-relay desk`: the fleet and its consoles in a browser of this machine. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { accessOf, relaysOf } from '../../fleet/access.ts'
import { parseFleet, type Technician } from '../../fleet/fleet-config.ts'
import { renderSshConfig, searchCommand, searchOf } from '../../fleet/render/ssh-config.ts'
import { STATE_OPTIONS } from '../../relay/state/state-paths.ts'
import { type BareInput, type CommandInput, defineCommand } from '../command.ts'
import { CONSOLE_WAY_OPTIONS, filesOf, technicianOf } from '../console-way.ts'
import { type DeskWorld, runDesk } from '../desk/run-desk.ts'
import { operatorSource, type RunAtRelay, runBySsh, runHere, sharedSettings } from '../desk/sources/operator-source.ts'
import { technicianSource } from '../desk/sources/technician-source.ts'
import { deskConfig } from '../desk/ssh/desk-config.ts'
import { readHosts } from '../desk/ssh/read-hosts.ts'
import { readFleetText } from '../fleet-file.ts'
import { AT_RELAY_OPTIONS, callOf, isHere } from '../remote/at-relay.ts'
import { relayArguments } from '../remote/ssh-to-relay.ts'
import { httpProxyFor, PROXY_FILE_OPTION, thisProgram, useProxyFile } from '../search/other-ways.ts'

/** Where the README says that a technician keeps the folder. */
const TECHNICIANS_FILE = '.ssh/oobm/config'

export const desk = defineCommand({
  summary: 'show the fleet in a browser of this machine, and open its consoles there',
  details: [
    'It runs ssh as you would, with your keys and your agent; it listens on 127.0.0.1 and ends with Ctrl-C.',
    'With the fleet file it shows what all relays say; with the folder that a technician was given, their consoles.',
    'Without a fleet file in this folder, it takes ~/.ssh/oobm/config.',
  ],
  options: {
    print: { help: 'print the address instead of opening a browser' },
    'ssh-config': {
      value: 'FILE',
      help: 'the rendered ssh_config of a technician, such as ~/.ssh/oobm/config, instead of the fleet file',
    },
    ...CONSOLE_WAY_OPTIONS,
    ...PROXY_FILE_OPTION,
    here: AT_RELAY_OPTIONS.here,
    ...STATE_OPTIONS,
  },
  examples: ['desk', 'desk --ssh-config ~/.ssh/oobm/config', 'desk --print'],
  exitCodes: { 69: 'The page of the desk is not installed.' },
  run: async input => {
    const { values, files, print, signal } = input
    if (process.platform === 'win32')
      throw new UserError('the desk runs on Linux, macOS and in WSL: start it there', EXIT.unavailable)
    await useProxyFile(values['proxy-file'])
    const own = join(homedir(), TECHNICIANS_FILE)
    const isOwn = values['ssh-config'] === undefined && !existsSync(files.fleet) && existsSync(own)
    const config = isOwn ? own : values['ssh-config'] === undefined ? undefined : resolve(values['ssh-config'])
    const common = { isPrinted: values.print === true, print, signal }
    if (config !== undefined) return runDesk({ ...common, prepare: folder => technicianWorld(config, folder) })
    const fleetText = await readFleetText(files.fleet)
    const fleet = parseFleet(files.fleet, fleetText)
    const withFleet = { ...input, fleet }
    return runDesk({ ...common, prepare: folder => operatorWorld(withFleet, fleetText, folder) })
  },
})

async function technicianWorld(file: string, folder: string) {
  const text = await readFile(file, 'utf8').catch(err => {
    throw new UserError(`cannot read ${file}: ${errorMessage(err)}`, EXIT.configuration, { cause: err })
  })
  const hosts = readHosts(text)
  if (hosts.targets.length === 0)
    throw new UserError(
      `${file} has no console: give the ssh_config that "oobm-relay render" wrote`,
      EXIT.configuration,
    )
  const config = join(folder, 'config')
  // All names of a relay share its connection.
  const names = [...hosts.relays.map(({ hosts }) => hosts.join(' ')), ...hosts.targets.map(({ name }) => name)]
  await writeFile(
    config,
    deskConfig(
      names.map(name => ({ name })),
      file,
      folder,
    ),
    { mode: 0o600 },
  )
  const [, person] = /^# (\S+)'s consoles/.exec(text) ?? []
  return {
    source: technicianSource(hosts, config, person),
    config,
    consoles: hosts.targets.flatMap(({ name, isShell }) => (isShell ? [] : [name])),
    shells: hosts.targets.flatMap(({ name, isShell }) => (isShell ? [name] : [])),
    signIn: (relay: string) => {
      const host = hosts.relays.find(({ name }) => name === relay)?.hosts.at(-1)
      return host === undefined ? undefined : ['-F', config, '-e', 'none', '-T', '--', host, 'devices']
    },
    operator: undefined,
  } satisfies DeskWorld<unknown>
}

async function operatorWorld(input: CommandInput, fleetText: string, folder: string) {
  const { fleet, values, files, signal } = input
  const isLocal = await isHere({}, values, files.fleet)
  const { technician, noConsoles } = await personOf(input)
  const { config, consoles, shells } = await consoleConfig(input, technician, folder)
  const run: RunAtRelay = isLocal
    ? runHere(ownOptions(input))
    : runBySsh({
        ...{ fleet, folder },
        callOf: (relay, command, { values, positionals }) =>
          callOf(command, {}, { files, print: input.print, signal, values, positionals }, relay, fleetText),
      })
  const relays = isLocal
    ? [{ name: 'this relay', maySignIn: false }]
    : fleet.relays.map(({ name }) => ({ name, maySignIn: true }))
  return {
    source: operatorSource({ fleet, technician, noConsoles, relays, run }),
    ...{ config, consoles, shells },
    signIn: (name: string) => {
      const index = isLocal ? -1 : fleet.relays.findIndex(relay => relay.name === name)
      const relay = fleet.relays[index]
      if (relay === undefined) return undefined
      const settings = { ...sharedSettings(folder, index), EscapeChar: 'none' }
      return relayArguments({ relay, args: ['--version'] }, settings, true)
    },
    operator: {
      relaysOf: (name: string) => {
        const device = fleet.devices.find(device => device.name === name)
        if (device === undefined) return []
        return isLocal ? ['this relay'] : relaysOf(fleet, device).map(relay => relay.name)
      },
      run,
    },
  } satisfies DeskWorld<unknown>
}

/** An operator who is no technician sees the fleet, and opens nothing. */
async function personOf(
  input: CommandInput,
): Promise<{ technician: Technician | undefined; noConsoles: string | undefined }> {
  try {
    const technician = technicianOf(input)
    await filesOf(input, technician)
    return { technician, noConsoles: undefined }
  } catch (err) {
    if (!(err instanceof UserError) || input.values.as !== undefined) throw err
    return { technician: undefined, noConsoles: err.message }
  }
}

/** As `oobm-relay connect` reaches them. */
async function consoleConfig(input: CommandInput, technician: Technician | undefined, folder: string) {
  const config = join(folder, 'config')
  if (technician === undefined) {
    await writeFile(config, '', { mode: 0o600 })
    return { config, consoles: [], shells: [] }
  }
  const { fleet } = input
  const include = join(folder, 'hosts')
  const files = { ...(await filesOf(input, technician)), configFile: include }
  await writeFile(include, renderSshConfig(fleet, technician, files), { mode: 0o600 })
  const all = accessOf(fleet, technician)
  const hosts = all.flatMap(({ device, consoles, spares, shell }) => {
    const relays = relaysOf(fleet, device)
    const search = searchOf(relays, technician)
    const needsSearch = relays.length > 1 || relays.some(({ tls }) => tls) || httpProxyFor('') !== undefined
    const proxyCommand = needsSearch
      ? searchCommand(thisProgram('proxy'), search, { ...files, configFile: config })
      : undefined
    const names = [...(shell ? [device.name] : []), ...consoles.map(({ name }) => name), ...spares]
    return [...search.hosts.map(name => ({ name })), ...names.map(name => ({ name, proxyCommand }))]
  })
  const unique = [...new Map(hosts.map(host => [host.name, host])).values()]
  await writeFile(config, deskConfig(unique, include, folder), { mode: 0o600 })
  return {
    config,
    consoles: all.flatMap(({ consoles, spares }) => [...consoles.map(({ name }) => name), ...spares]),
    shells: all.flatMap(({ device, shell }) => (shell ? [device.name] : [])),
  }
}

/** By which this program finds the relay that this host is. */
function ownOptions({ files, values }: BareInput): string[] {
  const { state, root } = values
  return [
    `--fleet=${files.fleet}`,
    ...(state === undefined ? [] : [`--state=${state}`]),
    ...(root === undefined ? [] : [`--root=${root}`]),
    ...(state === undefined && root === undefined ? ['--here'] : []),
  ]
}
