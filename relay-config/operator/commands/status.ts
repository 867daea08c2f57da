/** `oobm-relay status`: the fleet as this relay sees it, worst first, or one device in detail. */
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { paintFor } from '../../../cli/paint.ts'
import { withWord } from '../../../formats/states.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { asciiJson } from '../../../runtime/printable.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { settingsText } from '../../relay/settings/describe-settings.ts'
import { readSettingsView } from '../../relay/settings/settings-view.ts'
import { askSs } from '../../relay/state/ask-ss.ts'
import { describeDevice } from '../../relay/state/describe-device.ts'
import { describeFleet } from '../../relay/state/describe-fleet.ts'
import { type DeviceView, readDeviceView } from '../../relay/state/device-view.ts'
import { worstFirst } from '../../relay/state/fleet-states.ts'
import { followFleet } from '../../relay/state/follow-fleet.ts'
import type { KnownFiles } from '../../relay/state/read-unchanged.ts'
import { deviceSource } from '../../relay/state/real-addresses.ts'
import { isOutOfSight } from '../../relay/state/state-order.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { printedViewSchema } from '../../relay/state/view-schema.ts'
import { type CommandInput, defineCommand, deviceOf, withFleet } from '../command.ts'
import { rereadFleet } from '../fleet-file.ts'
import { askViews } from '../fleet-wide/ask-views.ts'
import { mergeViews } from '../fleet-wide/merge-views.ts'
import { AT_RELAY_OPTIONS, callOf } from '../remote/at-relay.ts'

/** Milliseconds between two screens of `--watch`. */
const WATCH_MS = 2_000
/** Columns where the output is not a terminal. */
const WIDTH = 80
/** Cursor home, then clear: the scrollback stays. */
const CLEAR = '\x1b[H\x1b[J'

export const status = defineCommand({
  summary: 'show the state of all devices, worst first, or of one device in detail',
  arguments: [{ value: 'DEVICE', isOptional: true, help: 'show this device in detail' }],
  options: {
    watch: { help: 'show it again and again, until Ctrl-C' },
    json: { help: 'print one JSON document' },
    follow: {
      help: 'print JSON lines for a program, until it ends: all devices, then every 2 seconds what has changed',
    },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  exitCodes: { 69: 'The relay cannot be asked; or DEVICE is away, silent or was never connected.' },
  json: z.array(printedViewSchema),
  atRelay: { ofDevice: true, merge: showAll },
  run: withFleet(async input => {
    const { values, print, signal } = input
    if (values.follow) {
      await followFleet({ read: fleetReader(input), print, clock: systemClock, signal })
      return EXIT.ok
    }
    const sourceOf = deviceSource(statePathsOf(values), signal)
    const draw = async () => {
      const nowMs = Date.now()
      const views = await readFleet(input, nowMs)
      const more = [...(await sourceLines(input, sourceOf)), ...(await settingsLines(input, nowMs))]
      const lines = [...describe(input, views, nowMs), ...more]
      print(`${values.watch && process.stdout.isTTY ? CLEAR : ''}${lines.join('\n')}`)
      return views
    }
    const views = await draw()
    while (values.watch && !signal.aborted) {
      await delay(WATCH_MS, undefined, { signal }).catch(() => {})
      if (!signal.aborted) await draw()
    }
    // Asked for one device, the exit code answers; of many, it could not say which.
    const isAskedOfOne = input.positionals.length > 0 && !values.watch
    return isAskedOfOne && views.some(({ state }) => isOutOfSight(state)) ? EXIT.unavailable : EXIT.ok
  }),
})

/** What all these relays say, as one. */
async function showAll(input: CommandInput, relays: readonly Relay[], fleetText: string): Promise<number> {
  const { answers, code } = await askViews(relays, viewsCall(input, fleetText))
  const views = mergeViews(answers.map(({ relay, answer }) => ({ relay: relay.name, views: answer })))
  if (answers.length > 0) input.print(describe(input, views, Date.now()).join('\n'))
  const isOut = input.positionals.length > 0 && views.some(({ state }) => isOutOfSight(state))
  return Math.max(code, isOut ? EXIT.unavailable : EXIT.ok)
}

/** For the state of devices as JSON, whatever the command prints. */
export function viewsCall(input: CommandInput, fleetText: string) {
  return (relay: Relay) => callOf('status', {}, { ...input, values: { json: true } }, relay, fleetText)
}

function describe({ values, positionals }: CommandInput, views: readonly DeviceView[], nowMs: number): string[] {
  const paint = paintFor(process.stdout)
  if (values.json)
    return [
      asciiJson(
        worstFirst(views).map(view => ({ ...withWord(view), nowMs })),
        2,
      ),
    ]
  if (positionals.length > 0) return views.flatMap(view => describeDevice(view, nowMs, paint))
  return describeFleet(views, nowMs, process.stdout.columns ?? WIDTH, paint)
}

/** Where the device that is named connects from. */
async function sourceLines(input: CommandInput, sourceOf: ReturnType<typeof deviceSource>): Promise<string[]> {
  if (input.positionals.length === 0 || input.values.json) return []
  const source = await sourceOf(deviceOf(input).name)
  if (source === undefined) return []
  const where = 'unknown' in source ? `unknown, by HAProxy: ${source.unknown}` : source.address
  return [`  ${'from'.padEnd(11)}  ${where}${'unknown' in source || !source.isWithinTls ? '' : ', within TLS'}`]
}

/** What waits for the device that is named, or what became of it; nothing where nothing was pushed. */
async function settingsLines(input: CommandInput, nowMs: number): Promise<string[]> {
  if (input.positionals.length === 0 || input.values.json) return []
  const view = await readSettingsView(statePathsOf(input.values), deviceOf(input).name, nowMs)
  return view.document === undefined ? [] : [`  ${'settings'.padEnd(11)}  ${settingsText(view)}`]
}

/** What reads the fleet again and again, as the fleet file is then. */
export function fleetReader(input: CommandInput): (nowMs: number) => Promise<DeviceView[]> {
  const fleetNow = rereadFleet(input.files.fleet, input.fleet)
  const known: KnownFiles = new Map()
  return async nowMs => readFleet({ ...input, fleet: await fleetNow() }, nowMs, known)
}

/** The device that is named, or all. */
export async function readFleet(input: CommandInput, nowMs: number, known?: KnownFiles): Promise<DeviceView[]> {
  const look = {
    paths: statePathsOf(input.values),
    received: await askSs(input.signal),
    nowMs,
    ...(known && { known }),
  }
  const devices = input.positionals.length > 0 ? [deviceOf(input)] : input.fleet.devices
  return Promise.all(devices.map(device => readDeviceView(look, device)))
}
