/** `oobm-relay trend`: how long a device was out of reach, how long until it was proved again, and its round trip, over days. */
import { describeDuration } from '../../../cli/times.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { asciiJson, printable } from '../../../runtime/printable.ts'
import { timeText } from '../../../runtime/time-text.ts'
import { healTimes, type Outage, outagesOf, type TrendPoint } from '../../relay/state/outages.ts'
import { readTrend } from '../../relay/state/read-trend.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { trendSchema } from '../../relay/state/trend-schema.ts'
import { defineCommand, deviceOf, withFleet } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const trend = defineCommand({
  summary: 'show how long a device was out of reach, how long until it was proved again, and its round trip',
  details: [
    'The relay keeps a moment for each report of a device, the last 1,024 to 2,048: some days, fewer where its state changes often.',
  ],
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: {
    json: { help: 'print one JSON document' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['trend tokyo-rack1'],
  json: trendSchema,
  atRelay: { each: true, ofDevice: true },
  run: withFleet(async input => {
    const { values, print } = input
    const device = deviceOf(input)
    const nowMs = Date.now()
    const points = await readTrend(statePathsOf(values), device, nowMs)
    const outages = outagesOf(points)
    if (values.json) print(asciiJson({ device: device.name, nowMs, points, outages }))
    else for (const line of describeTrend(device.name, points, outages, nowMs)) print(line)
    return EXIT.ok
  }),
})

function describeTrend(name: string, points: readonly TrendPoint[], outages: readonly Outage[], nowMs: number) {
  const [first] = points
  if (first === undefined)
    return [`nothing is kept of ${name} here: it has not reported to this relay since its upgrade`]
  const healed = healTimes(outages)
  const times =
    healed &&
    `; proved again after ${describeDuration(healed.medianMs)} (median), ${describeDuration(healed.longestMs)} (longest)`
  const count = `${outages.length} outage${outages.length === 1 ? '' : 's'}`
  return [
    `${name}: ${count} since ${timeText(first.atMs)}${times ?? ''}`,
    ...outages.map(outage => describeOutage(outage, nowMs)),
    ...daysOf(points),
  ]
}

function describeOutage({ fromMs, toMs, state, cause, isHealed }: Outage, nowMs: number): string {
  const length = describeDuration((toMs ?? nowMs) - fromMs)
  const how = toMs === undefined ? `for ${length}, and still` : isHealed ? `for ${length}` : `for ${length}, then off`
  return printable(`  ${timeText(fromMs)}  ${how}  ${state}${cause === '' ? '' : `: ${cause}`}`, 600)
}

/** The round trips of each day. */
function daysOf(points: readonly TrendPoint[]): string[] {
  const days = new Map<string, number[]>()
  for (const { atMs, probeMs } of points) {
    if (probeMs === undefined) continue
    const day = new Date(atMs).toISOString().slice(0, 10)
    days.set(day, [...(days.get(day) ?? []), probeMs])
  }
  return [...days].map(([day, all]) => {
    const sorted = all.toSorted((a, b) => a - b)
    const median = sorted[Math.floor((sorted.length - 1) / 2)]
    const reports = `${sorted.length} report${sorted.length === 1 ? '' : 's'}`
    return `  ${day}  round trip ${median} ms (median), ${sorted[0]} to ${sorted.at(-1)} ms, ${reports}`
  })
}
