/** Commands about a relay as it is: where they run, and how they get there from the operator's machine. */
import { existsSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { type Options, usageError } from '../../../cli/command.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { relaysOf } from '../../fleet/access.ts'
import { type Fleet, parseFleet, type Relay } from '../../fleet/fleet-config.ts'
import { readState } from '../../relay/apply/relay-state.ts'
import { relayPaths } from '../../relay/relay-paths.ts'
import { statePathsOf } from '../../relay/state/state-paths.ts'
import { type AtRelay, type BareInput, deviceOf } from '../command.ts'
import { readFleetText } from '../fleet-file.ts'
import { readPublicPart, stringifyPublicPart } from '../public-part.ts'
import { LONG_MS, type RelayCall, runOnRelay, SHORT_MS } from './ssh-to-relay.ts'

/** The options of all these commands. */
export const AT_RELAY_OPTIONS = {
  relay: {
    value: 'RELAY',
    help: 'the relay to ask, by its name in the fleet file; not needed where there is only one',
  },
  host: {
    value: '[USER@]HOST',
    help: 'connect to this host instead of the one in the fleet file; ssh://USER@HOST:PORT sets the port',
  },
  here: { help: 'this host is the relay: do not connect to another' },
} as const satisfies Options

/** Options about the way to the relay, which are not passed to it. */
const WAY_OPTIONS = ['fleet', 'relay', 'host', 'here', 'root', 'state', 'stdin', 'help', 'version']

/**
 * Whether a command about a relay is meant for this host.
 * @param fleetFile the operator's, which may be missing
 * @throws UserError for a folder that is not the directory of a relay
 */
export async function isHere(atRelay: AtRelay, values: BareInput['values'], fleetFile: string): Promise<boolean> {
  if (values.state !== undefined) return refuseEmptyState(String(values.state))
  // A root folder is on this host.
  if (values.root !== undefined) return true
  const state = await readState(relayPaths()).catch(() => ({ relay: undefined }))
  if (values.relay !== undefined) return values.relay === state?.relay
  if (values.here || values.stdin) {
    if (state === undefined && !atRelay.makesRelay) throw noRelay()
    return true
  }
  if (state === undefined) {
    // A host without systemd is prepared with --no-systemd. Otherwise root of any machine could make a relay of it by mistake.
    return atRelay.makesRelay === true && values['no-systemd'] === true && process.getuid?.() === 0
  }
  if (!existsSync(fleetFile)) return true
  const fleet = parseFleet(fleetFile, await readFleetText(fleetFile))
  return fleet.relays.some(({ name, accounts }) => name === state.relay && accounts === 'dedicated')
}

function noRelay(): UserError {
  const advice =
    'run this command where the fleet file is, and it connects to the relay by ssh. "oobm-relay push" sets a relay up'
  return new UserError(`this host (${hostname()}) is not a relay: ${advice}`, EXIT.unavailable)
}

/** @throws UserError for a folder that is not the directory of a relay */
export function refuseEmptyState(directory: string): true {
  // The second is the earlier name of the first: a relay keeps it until the next install.
  const names = ['oobm-device-command', 'oobm-device-word', 'state', 'history.jsonl', 'maintenance']
  if (names.some(name => existsSync(join(directory, name)))) return true
  const advice = 'on a shared relay, it is the "directory" of the fleet file, such as .oobm in the home of its login'
  throw new UserError(`${directory} is not the directory of a relay: ${advice}`, EXIT.unavailable)
}

/**
 * Otherwise state that a user may not read would look like missing state.
 * @throws UserError
 */
export async function requireReadable(values: BareInput['values']): Promise<void> {
  const { devices, history } = statePathsOf(values)
  try {
    await access(devices, constants.R_OK | constants.X_OK)
  } catch (err) {
    // No device has ever connected.
    const isMissing = errorCode(err) === 'ENOENT'
    if (isMissing && existsSync(dirname(history))) return
    if (isMissing)
      throw new UserError(`this host is not a relay: ${dirname(history)} is missing`, EXIT.unavailable, { cause: err })
    throw new UserError(`${devices} cannot be read as this user: ${reasonOf(err)}`, EXIT.failed, { cause: err })
  }
}

/** Runs the command on the relay that is meant, or on each. @returns its exit code; of several, the worst */
export async function goToRelay(command: string, atRelay: AtRelay, input: BareInput): Promise<number> {
  const { files, values, print } = input
  const whyThere = atRelay.onlyThere?.(values)
  if (whyThere !== undefined) usageError(whyThere)
  const text = await readFleetText(files.fleet)
  const fleet = parseFleet(files.fleet, text)
  const relays = relaysFor(command, atRelay, input, fleet)
  if (relays.length > 1 && values.host !== undefined) usageError('--host is for one relay: name it with --relay')
  if (atRelay.gather) return atRelay.gather({ ...input, fleet }, relays)
  if (relays.length > 1 && atRelay.merge) return atRelay.merge({ ...input, fleet }, relays, text)
  const codes = new Map<Relay, number>()
  for (const [index, relay] of relays.entries()) {
    if (relays.length > 1) print(`${index > 0 ? '\n' : ''}relay ${relay.name} (${relay.host})`)
    try {
      codes.set(relay, await runOnRelay(await callOf(command, atRelay, input, relay, text)))
    } catch (err) {
      if (relays.length === 1 || !(err instanceof UserError)) throw err
      // Ask the others all the same.
      process.stderr.write(`${err.message}\n`)
      codes.set(relay, err.exitCode)
    }
  }
  if (atRelay.each === 'any') return Math.min(...codes.values())
  const undone = relays.flatMap(relay => (codes.get(relay) === EXIT.ok ? [] : [relay.name]))
  if (relays.length > 1 && undone.length > 0) {
    const repeat = undone.map(name => `--relay ${name}`).join(', then with ')
    process.stderr.write(`\n"${command}" was not done at ${undone.join(', ')}: repeat it with ${repeat}\n`)
  }
  return Math.max(...codes.values())
}

/** What runs a command on a relay. */
export async function callOf(
  command: string,
  { stdin, makesRelay, isDedicated }: AtRelay,
  { files, values, positionals, signal }: BareInput,
  relay: Relay,
  fleetText: string,
): Promise<RelayCall> {
  const options = Object.entries(values).filter(([name]) => !WAY_OPTIONS.includes(name))
  const isPublicPart = stdin === 'public part'
  const isShared = relay.accounts === 'shared'
  const args = [
    ...command.split(' '),
    ...(isPublicPart ? ['--stdin'] : ['--here']),
    ...(isShared ? ['--fleet=-', `--state=${relay.directory}`] : []),
    ...options.map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`)),
    // The relay does not need its own name.
    ...(isPublicPart || positionals.length === 0 ? [] : ['--', ...positionals]),
  ]
  const input: RelayCall['stdin'] = isPublicPart
    ? { text: stringifyPublicPart(await readPublicPart(files.fleet, relay.name, relayPaths())) }
    : isShared
      ? { text: fleetText }
      : stdin === 'typed'
        ? 'ours'
        : 'none'
  const host = values.host === undefined ? undefined : String(values.host)
  const limit = isEndless(values) ? {} : { limitMs: makesRelay || isDedicated ? LONG_MS : SHORT_MS }
  return { relay, args, host, stdin: input, ...limit, signal }
}

/** @throws UserError that lists them */
function relaysFor(command: string, atRelay: AtRelay, input: BareInput, fleet: Fleet): Relay[] {
  const { isDedicated, ofDevice, each, stdin, gather, merge } = atRelay
  const isForAll = each || gather || merge
  const { files, values, positionals } = input
  const device = ofDevice && (positionals.length > 0 || !isForAll) ? deviceOf({ ...input, fleet }) : undefined
  const able = (device === undefined ? fleet.relays : relaysOf(fleet, device)).filter(
    ({ accounts }) => accounts === 'dedicated' || !isDedicated,
  )
  const list = able.map(({ name }) => name).join(', ') || 'none'
  const name = values.relay ?? (stdin === 'public part' ? positionals[0] : undefined)
  const kind = isDedicated ? 'a relay with dedicated accounts' : device ? `a relay of ${device.name}` : 'a relay'
  if (name !== undefined) {
    const named = able.find(relay => relay.name === name)
    if (named) return [named]
    throw new UserError(`"${name}" is not ${kind} in ${files.fleet}; known: ${list}`, EXIT.usage)
  }
  if (able.length === 0) throw new UserError(`${command} is for ${kind}, and ${files.fleet} has none`, EXIT.usage)
  if (able.length === 1 || gather || (merge && !isEndless(values)) || (each && !values.json && !isEndless(values)))
    return able
  return usageError(`${command} is for one relay: name it with --relay; known: ${list}`)
}

function isEndless({ watch, follow }: BareInput['values']): boolean {
  return watch === true || follow === true
}
