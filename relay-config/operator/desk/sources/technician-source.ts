/** The fleet as a technician's folder has it: its hosts, and what each relay tells this key of its devices. */

import { listenersOf } from '../../../../formats/listeners.ts'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import type { DeskDevice } from '../rows.ts'
import { askSsh } from '../ssh/ask-ssh.ts'
import type { KnownHosts } from '../ssh/read-hosts.ts'
import { unreported } from './describe-view.ts'
import type { FleetSource } from './fleet-feed.ts'
import { readStates, type ToldState } from './read-states.ts'
import { createSteadyShift } from './steady-shift.ts'

const ANSWER_MS = 30_000
/** Of a command that oobm-technician-command does not know. */
const REFUSED = 1

/** @param config the ssh_config of the desk */
export function technicianSource(
  { relays, targets }: KnownHosts,
  config: string,
  person: string | undefined,
): FleetSource<ToldState[]> {
  const shiftOf = createSteadyShift()
  /** Relays whose software tells nothing of consoles. */
  const older = new Set<string>()
  return {
    means: { person, noConsoles: undefined, isOperator: false },
    relays: relays.map(({ name }) => ({ name, maySignIn: true })),
    ask: async (name, signal) => {
      const host = relays.find(relay => relay.name === name)?.hosts[0] ?? ''
      const ask = (what: string) =>
        askSsh(['-F', config, '-T', '-o', 'LogLevel=ERROR', '--', host, what], { limitMs: ANSWER_MS, signal })
      let answer = await ask(older.has(name) ? 'states' : 'consoles')
      if (answer.code === REFUSED && !older.has(name)) {
        older.add(name)
        answer = await ask('states')
      }
      const { code, stdout, said } = answer
      if (code !== EXIT.ok && said !== '') throw new UserError(`relay ${name}: ${said}`, EXIT.unavailable)
      const theirsMs = Number(/ now=(\d{1,12}) /.exec(stdout)?.[1]) * 1_000
      const isTold = Number.isFinite(theirsMs)
      const states = readStates(stdout, isTold ? theirsMs + shiftOf(name, Date.now() - theirsMs) : Date.now())
      if (states !== undefined && code === EXIT.ok) return states
      throw new UserError(
        `relay ${name} does not say the state of devices to this desk: its oobm-relay is older; consoles can be opened all the same`,
        EXIT.unavailable,
      )
    },
    merge: answers => rowsOf({ relays, targets }, answers),
  }
}

/** One row for each device that a relay names, and for those of which no relay speaks. */
function rowsOf({ relays, targets }: KnownHosts, answers: ReadonlyMap<string, ToldState[]>): DeskDevice[] {
  const best = new Map<string, { relay: string; told: ToldState }>()
  for (const [relay, states] of answers) {
    for (const told of states) {
      const other = best.get(told.device)
      if (other === undefined || rankOf(told) > rankOf(other.told)) best.set(told.device, { relay, told })
    }
  }
  const isOf = (told: ToldState, relay: string) => (target: (typeof targets)[number]) => {
    const { shell, console } = listenersOf(told.port)
    const isThere = relays.some(({ name, hosts }) => name === relay && hosts.includes(target.jump))
    const isPort = target.port === (target.isShell ? shell : console) || (!target.isShell && target.port === told.port)
    return (isThere || relays.length > 1) && isPort
  }
  const rows = [...best.values()].map(({ relay, told }) => {
    const own = targets.filter(isOf(told, relay))
    return {
      ...EMPTY,
      ...{ name: told.device, relay: relays.length > 1 ? relay : undefined, state: told.state, off: told.off },
      ...{ provedAtMs: told.provedAtMs, reportedAtMs: told.reportedAtMs },
      ...(told.uplink && { uplinks: [uplinkRow(told.uplink)], signalDbm: told.uplink.signalDbm }),
      consoles: own.filter(({ isShell }) => !isShell).map(({ name }) => consoleOf(name, told)),
      mayOpenShell: own.some(({ name, isShell }) => isShell && name === told.device),
    }
  })
  const placed = new Set(rows.flatMap(({ name, consoles }) => [name, ...consoles.map(console => console.name)]))
  return [...rows, ...untold(targets.filter(({ name }) => !placed.has(name)))]
}

function uplinkRow({ name, kind }: NonNullable<ToldState['uplink']>): DeskDevice['uplinks'][number] {
  return { name, kind, carries: true, why: '', provedAtMs: undefined }
}

function consoleOf(name: string, { consoles }: ToldState): DeskDevice['consoles'][number] {
  const told = consoles.find(console => console.name === name)
  return told === undefined ? unreported(name) : { ...told, mayOpen: true }
}

/** Devices of which no relay has said anything yet: what has the same port pair on the same relay is on one device. */
function untold(targets: KnownHosts['targets']): DeskDevice[] {
  const pairs = new Map<string, (typeof targets)[number][]>()
  for (const target of targets) {
    const { shell, console } = listenersOf(0)
    const pair = `${target.jump} ${target.port - (target.isShell ? shell : console)}`
    pairs.set(pair, [...(pairs.get(pair) ?? []), target])
  }
  return [...pairs.values()].map(own => {
    const shell = own.find(({ isShell }) => isShell)
    const consoles = own.filter(({ isShell }) => !isShell).map(({ name }) => unreported(name))
    const name = shell?.name ?? consoles.map(console => console.name).join(', ')
    return { ...EMPTY, name, consoles, mayOpenShell: shell !== undefined }
  })
}

const EMPTY: DeskDevice = {
  ...{ name: '', relay: undefined, state: 'unknown', cause: '', off: undefined, provedAtMs: undefined },
  ...{
    provedBy: undefined,
    sinceMs: undefined,
    reportedAtMs: undefined,
    uplinks: [],
    signalDbm: undefined,
    probeMs: undefined,
  },
  ...{ software: undefined, consoles: [], changes: [], mayOpenShell: false },
}

function rankOf({ state, reportedAtMs = 0 }: ToldState): number {
  return (state === 'away' || state === 'never' ? 0 : 1e15) + reportedAtMs
}
