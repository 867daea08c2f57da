/** `oobm-relay top`: the fleet on one screen, which moves, and from which consoles open. */
import { paintFor } from '../../../cli/paint.ts'
import { runSsh, SSH_FAILED } from '../../../cli/ssh.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { followFleet } from '../../relay/state/follow-fleet.ts'
import { STATE_OPTIONS } from '../../relay/state/state-paths.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { CONSOLE_WAY_OPTIONS, withConsoleWay, withShellWay } from '../console-way.ts'
import { readFleetText } from '../fleet-file.ts'
import { askViews } from '../fleet-wide/ask-views.ts'
import { mergeViews } from '../fleet-wide/merge-views.ts'
import { AT_RELAY_OPTIONS, callOf } from '../remote/at-relay.ts'
import { followRelay } from '../remote/ssh-to-relay.ts'
import { drawTable } from '../top/draw-top.ts'
import { fleetRows, type Row } from '../top/fleet-rows.ts'
import { Follower, type Stream } from '../top/follow-relay.ts'
import { runTop } from '../top/run-top.ts'
import { FIRST_STATE } from '../top/top-state.ts'
import { connectBy } from './connect.ts'
import { fleetReader, readFleet, viewsCall } from './status.ts'

/** Columns of `--once` where the output is not a terminal. */
const WIDTH = 160

export const top = defineCommand({
  summary: 'show the whole fleet on one screen, worst first, and open a console or a shell from there',
  details: [
    'It asks each relay over one ssh that stays, whatever the number of devices; after a loss it logs in again by itself.',
    'The foot of the screen says what each key does.',
  ],
  options: {
    once: { help: 'print the list once; needs no terminal' },
    ...CONSOLE_WAY_OPTIONS,
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  exitCodes: {
    64: 'There is no terminal, and --once was not given.',
    69: 'No relay can be asked; with --once, one of them.',
  },
  atRelay: { gather: showRelays },
  run: withFleet(input => showHere(input)),
})

/** On the relay itself. */
async function showHere(input: CommandInput): Promise<number> {
  if (input.values.once) return printOnce(input, await readFleet(input, Date.now()))
  const read = fleetReader(input)
  const stream: Stream = async ({ onText, signal }) => {
    await followFleet({ read, print: line => onText(`${line}\n`), clock: systemClock, signal })
    return EXIT.ok
  }
  return show(input, [['this relay', stream]])
}

/** From where the operator works. */
async function showRelays(input: CommandInput, relays: readonly Relay[]): Promise<number> {
  const fleetText = await readFleetText(input.files.fleet)
  const only = { ...input, positionals: [] }
  if (input.values.once) {
    const { answers, code } = await askViews(relays, viewsCall(only, fleetText))
    const said = answers.map(({ relay, answer }) => ({ relay: relay.name, views: answer }))
    const views = relays.length === 1 ? (said[0]?.views ?? []) : mergeViews(said)
    if (answers.length > 0) printOnce(input, views, relays)
    return code
  }
  const streams = relays.map((relay): [string, Stream] => [
    relay.name,
    async options => {
      const call = await callOf('status', {}, { ...only, values: { ...ways(input), follow: true } }, relay, fleetText)
      return followRelay({ ...call, ...options })
    },
  ])
  return show(input, streams)
}

/** The options that say how a relay is reached. */
function ways({ values: { host } }: CommandInput) {
  return host === undefined ? {} : { host }
}

function printOnce(input: CommandInput, views: readonly DeviceView[], relays: readonly Relay[] = []): number {
  const rows = fleetRows(input.fleet, views, { filter: 'all', search: '', hidesConsoles: false, isOld: () => false })
  const lines = drawTable({
    ...{ state: FIRST_STATE, rows, views, message: '', nowMs: Date.now(), lines: rows.length },
    relays: relays.map(({ name }) => ({ name, heardAtMs: undefined, problem: undefined })),
    columns: process.stdout.columns ?? WIDTH,
    paint: paintFor(process.stdout),
  })
  input.print(lines.join('\n'))
  return EXIT.ok
}

async function show(input: CommandInput, streams: readonly [string, Stream][]): Promise<number> {
  requireTerminal()
  const followers = streams.map(([name, stream]) => new Follower({ name, stream, clock: systemClock }))
  return runTop({
    fleet: input.fleet,
    followers,
    open: (row, signal) => open(input, row, signal),
    signal: input.signal,
  })
}

function requireTerminal(): void {
  const advice = '"oobm-relay top --once" prints the list once, and "oobm-relay status --json" is for programs'
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true)
    throw new UserError(`top needs a terminal: ${advice}`, EXIT.usage)
  if (['', 'dumb', undefined].includes(process.env.TERM))
    throw new UserError(
      `top needs a terminal that can move its cursor, and TERM is "${process.env.TERM ?? ''}": ${advice}`,
      EXIT.usage,
    )
}

/** With the person's own keys, as `oobm-relay connect` and ssh do it. */
async function open(input: CommandInput, { console, device }: Row, signal: AbortSignal): Promise<number> {
  const own = { ...input, signal }
  if (console !== undefined) return withConsoleWay(own, console, way => connectBy(way, console, signal))
  return withShellWay(own, device, async way => {
    const { code = EXIT.failed } = await runSsh([...way, '--', device], { signal })
    return code === SSH_FAILED ? EXIT.unavailable : code
  })
}
