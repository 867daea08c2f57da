/** How long a device was out of reach and until it was proved again, and its round trip: a drawing, and the same as tables. */
import type { DeskTrend } from '../rows.ts'
import { ageElement, ageText, timeText } from './ages.ts'
import type { App } from './app.ts'
import { askedSection, type Section } from './asked-section.ts'
import { h, svg } from './dom.ts'

/** Of the drawing, in its own units; the page makes it as wide as it is. */
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [800, 160, 56, 24]
/** Points that are drawn beside the line: more of them hide it. */
const POINTS_MAX = 150
/** Rows of a table: the newest. */
const ROWS_MAX = 100

export function trendSection(app: App, name: string): Section {
  return askedSection<{ trend: DeskTrend; problems: string[] }>(app, name, {
    title: app.words.trend,
    path: '/ask/trend',
    describe: ({ trend }) => describe(trend, app),
  })
}

function describe(trend: DeskTrend, app: App): HTMLElement[] {
  const { words } = app
  const { fromMs, trips, outages, healed } = trend
  if (fromMs === undefined) return [h('p', {}, words.noTrend)]
  const span = (ms: number) => lengthText(ms, app)
  const sorted = trips.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  return [
    h(
      'dl',
      {},
      [h('dt', {}, words.keptSince), h('dd', {}, timeText(fromMs), ' (', ageElement(fromMs, words), ')')],
      [h('dt', {}, words.outages), h('dd', {}, String(outages.length))],
      healed && [
        h('dt', {}, words.timeToHeal),
        h('dd', {}, words.healed(span(healed.medianMs), span(healed.longestMs))),
      ],
      median !== undefined && [
        h('dt', {}, words.roundTrip),
        h('dd', {}, words.trips(median, sorted[0] ?? 0, sorted.at(-1) ?? 0)),
      ],
    ),
    ...(trips.length === 0 ? [] : [drawing(trend, app)]),
    ...(outages.length === 0
      ? []
      : [
          table(
            words.outages,
            [words.lostAt, words.provedAgainAfter, words.why],
            [...outages]
              .reverse()
              .map(({ fromMs, toMs, state, cause, isHealed }) => [
                timeText(fromMs),
                toMs === undefined
                  ? h('span', {}, `${words.stillOut} `, ageElement(fromMs, words))
                  : `${span(toMs - fromMs)}${isHealed ? '' : `, ${words.thenOff}`}`,
                `${state}${cause === '' ? '' : `: ${cause}`}`,
              ]),
          ),
        ]),
    ...(trips.length === 0
      ? []
      : [
          h(
            'details',
            {},
            h('summary', {}, words.asTable),
            table(
              words.roundTrip,
              [words.at, words.roundTrip],
              [...trips].reverse().map(({ atMs, ms }) => [timeText(atMs), `${ms} ms`]),
            ),
          ),
        ]),
  ]
}

/** Round trips as points on a line, outages as bands behind it. */
function drawing({ fromMs = 0, trips, outages }: DeskTrend, { words, store }: App): HTMLElement {
  const toMs = Math.max(store.now(), fromMs + 1)
  const most = Math.max(10, ...trips.map(({ ms }) => ms))
  const x = (atMs: number) => LEFT + ((atMs - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT)
  const y = (ms: number) => HEIGHT - BOTTOM - (ms / most) * (HEIGHT - BOTTOM - 12)
  const label = (text: string, at: number, height: number, anchor: string) =>
    svg('text', { x: at, y: height, 'text-anchor': anchor }, text)
  const bands = outages.map(outage => {
    const left = x(outage.fromMs)
    const width = Math.max(2, x(outage.toMs ?? toMs) - left)
    return svg('rect', { class: 'out', x: left, y: 0, width, height: HEIGHT - BOTTOM })
  })
  const isOut = (from: number, to: number) => outages.some(({ fromMs }) => fromMs > from && fromMs <= to)
  // No line leads over a time in which nothing came through.
  const path = trips.map(({ atMs, ms }, index) => {
    const before = trips[index - 1]
    const isNew = before === undefined || isOut(before.atMs, atMs)
    return `${isNew ? 'M' : 'L'}${x(atMs).toFixed(1)} ${y(ms).toFixed(1)}`
  })
  return h(
    'figure',
    { class: 'trend' },
    svg(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': words.drawing },
      ...bands,
      svg('line', { x1: LEFT, y1: HEIGHT - BOTTOM, x2: WIDTH, y2: HEIGHT - BOTTOM }),
      svg('path', { d: path.join('') }),
      ...(trips.length > POINTS_MAX ? [] : trips).map(({ atMs, ms }) =>
        svg('circle', { cx: x(atMs), cy: y(ms), r: 2 }),
      ),
      label(`${most} ms`, LEFT - 6, 16, 'end'),
      label('0', LEFT - 6, HEIGHT - BOTTOM, 'end'),
      label(timeText(fromMs), LEFT, HEIGHT - 6, 'start'),
      label(words.now, WIDTH, HEIGHT - 6, 'end'),
    ),
    h('figcaption', {}, words.drawingHow),
  )
}

function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (string | HTMLElement)[])[],
): HTMLElement {
  return h(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map(head => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.slice(0, ROWS_MAX).map(row =>
          h(
            'tr',
            {},
            row.map(cell => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  )
}

/** `42 s`: an age without its "ago". */
function lengthText(ms: number, { words }: App): string {
  return ageText(0, ms, { ...words, ages: { ...words.ages, ago: age => age } })
}
