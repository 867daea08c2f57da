/** The fleet as an operator's desk sees it: what each relay's own `oobm-relay` says, over one shared connection a relay. */
import type { OptionValues } from '../../../../cli/command.ts'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import { type Access, accessOf } from '../../../fleet/access.ts'
import type { Fleet, Relay, Technician } from '../../../fleet/fleet-config.ts'
import type { DeviceView } from '../../../relay/state/device-view.ts'
import { parseViews } from '../../fleet-wide/ask-views.ts'
import { mergeViews } from '../../fleet-wide/merge-views.ts'
import { NOT_INSTALLED } from '../../remote/remote-line.ts'
import { type RelayCall, relayArguments } from '../../remote/ssh-to-relay.ts'
import { askProgram, askSsh } from '../ssh/ask-ssh.ts'
import { deviceOfView } from './describe-view.ts'
import type { FleetSource } from './fleet-feed.ts'
import { createSteadyShift } from './steady-shift.ts'

/** Milliseconds for an answer: a relay of a thousand devices takes two seconds. */
const ANSWER_MS = 60_000

/** Runs a command of `oobm-relay` at a relay, and gives its output. @throws UserError with what it said where it fails */
export type RunAtRelay = (relay: string, command: string, input: CommandArgs, signal: AbortSignal) => Promise<string>

export interface CommandArgs {
  values?: OptionValues
  positionals?: string[]
}

export interface OperatorMeans {
  fleet: Fleet
  /** Who opens consoles; undefined for nobody. */
  technician: Technician | undefined
  noConsoles: string | undefined
  /** Those that are asked. */
  relays: readonly { name: string; maySignIn: boolean }[]
  run: RunAtRelay
}

export function operatorSource({
  fleet,
  technician,
  noConsoles,
  relays,
  run,
}: OperatorMeans): FleetSource<DeviceView[]> {
  const shiftOf = createSteadyShift()
  return {
    means: { person: technician?.name, noConsoles, isOperator: true },
    relays,
    ask: async (name, signal) => {
      const said = await run(name, 'status', { values: { json: true } }, signal)
      try {
        const views = JSON.parse(said)
        const theirsMs = Number(views[0]?.nowMs)
        return parseViews(
          views,
          Number.isFinite(theirsMs) ? theirsMs + shiftOf(name, Date.now() - theirsMs) : Date.now(),
        )
      } catch {
        throw new UserError(
          `relay ${name} does not say the state of its devices: is its oobm-relay as new as this one?`,
        )
      }
    },
    merge: answers => rowsOf(fleet, technician, answers),
  }
}

export interface BySsh {
  fleet: Fleet
  /** What runs it there, and what it reads. */
  callOf(relay: Relay, command: string, input: Required<CommandArgs>): Promise<Pick<RelayCall, 'args' | 'stdin'>>
  /** The folder of the shared connections. */
  folder: string
}

/** Settings of ssh with which all questions to a relay share one login. */
export function sharedSettings(folder: string, index: number): Record<string, string> {
  const path = `${folder}/r${index}`.replaceAll('%', '%%')
  return { ControlMaster: 'auto', ControlPath: path, ControlPersist: '10m', Compression: 'yes' }
}

/** By the operator's own ssh, as `oobm-relay status` does it. */
export function runBySsh({ fleet, callOf, folder }: BySsh): RunAtRelay {
  return async (name, command, { values = {}, positionals = [] }, signal) => {
    const index = fleet.relays.findIndex(relay => relay.name === name)
    const relay = fleet.relays[index]
    if (relay === undefined) throw new UserError(`"${name}" is not a relay of the fleet`, EXIT.usage)
    const call = await callOf(relay, command, { values, positionals })
    const input = typeof call.stdin === 'object' ? call.stdin.text : undefined
    const ssh = relayArguments({ ...call, relay }, sharedSettings(folder, index))
    const { code, stdout, said } = await askSsh(ssh, { input, limitMs: ANSWER_MS, signal })
    if (code === EXIT.ok) return stdout
    const why = code === NOT_INSTALLED ? 'oobm-relay is not installed there' : said || `${command} failed (${code})`
    throw new UserError(`relay ${name}: ${why}`, EXIT.unavailable)
  }
}

/** On the relay itself: this very program. @param own the options by which it finds its state */
export function runHere(own: readonly string[]): RunAtRelay {
  return async (_relay, command, { values = {}, positionals = [] }, signal) => {
    const options = Object.entries(values).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`))
    const program = [
      ...process.execArgv,
      process.argv[1] ?? '',
      ...command.split(' '),
      ...own,
      ...options,
      '--',
      ...positionals,
    ]
    const { code, stdout, said } = await askProgram(process.execPath, program, { limitMs: ANSWER_MS, signal })
    if (code === EXIT.ok) return stdout
    throw new UserError(said || `oobm-relay ${command} failed (${code})`, EXIT.failed)
  }
}

function rowsOf(fleet: Fleet, technician: Technician | undefined, answers: ReadonlyMap<string, DeviceView[]>) {
  const said = [...answers].map(([relay, views]) => ({ relay, views }))
  const views = said.length > 1 ? mergeViews(said) : said.flatMap(({ views }) => views)
  const access = new Map<string, Access>(
    technician === undefined ? [] : accessOf(fleet, technician).map(one => [one.device.name, one]),
  )
  const known = views.map(view => deviceOfView(view, access.get(view.device)))
  const missing = fleet.devices.filter(({ name }) => !views.some(({ device }) => device === name))
  return [...known, ...missing.map(({ name }) => deviceOfView(unknownView(name), access.get(name)))]
}

/** Until a relay has answered. */
function unknownView(device: string): DeviceView {
  return {
    ...{ device, connected: false, heard: undefined, pace: { pingMs: 1, reportMs: 1 }, report: undefined },
    ...{ reportedAtMs: undefined, maintenance: undefined, off: false, state: 'unknown' },
    ...{ provedAtMs: undefined, sinceMs: undefined },
  }
}
