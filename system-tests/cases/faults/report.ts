/** Results as text: the figures of a run, and a table of all rows with what they come to; pure. */
import { median, quantile, table } from '../../../lab/bench/figures.ts'
import { type Figures, seconds, type Verdict } from './judge.ts'

export interface Result {
  row: string
  title: string
  theme: string
  /** From 0. */
  run: number
  /** Whether faults had their full lengths. */
  full: boolean
  /** Absent where the run did not come to its end. */
  ours?: Figures
  peer?: NonNullable<Verdict['peer']>
  figures: Record<string, number>
  missed: string[]
}

/** All runs of one row. */
export interface RowResult {
  name: string
  title: string
  theme: string
  runs: readonly Result[]
  /** What was missed in any run, and what only many runs can tell. */
  missed: string[]
  /** What an earlier page has of a row of which there are no results here. */
  kept?: KeptLines
}

/** Lines of docs/reliability.md: of the table, and of the row's own figures. */
export interface KeptLines {
  line: string
  figures: string[]
}

/** From so many runs on, medians are held against autossh's. */
export const RUNS_THAT_COUNT = 5
/** Milliseconds: two looks lie that far apart, so that less is no difference. */
const GRAIN_MS = 250

/** In the order in which the rows are first met. */
export function byRow(results: readonly Result[]): RowResult[] {
  return [...new Set(results.map(({ row }) => row))].map(name => {
    const runs = results.filter(({ row }) => row === name)
    const { title = '', theme = '' } = runs[0] ?? {}
    return { name, title, theme, runs, missed: [...runs.flatMap(({ missed }) => missed), ...slowerThanPeer(runs)] }
  })
}

/** What no single run tells; empty where there are too few. */
export function slowerThanPeer(runs: readonly Result[]): string[] {
  if (runs.length < RUNS_THAT_COUNT) return []
  const [ours, peer] = [medianWay(runs.map(run => run.ours)), medianWay(runs.map(run => run.peer))]
  if (!runs.some(run => run.peer) || ours <= peer + GRAIN_MS) return []
  return [`the way is back after ${seconds(ours)}, autossh's after ${seconds(peer)} (medians)`]
}

/** One that never came back is slower than all that did. */
function medianWay(figures: readonly (Pick<Figures, 'wayMs'> | undefined)[]): number {
  return median(figures.map(one => one?.wayMs ?? Number.POSITIVE_INFINITY))
}

/** The figures of a run; after what it missed and before what was shown, when it failed. */
export function describeRun({ ours, peer, missed, figures }: Result): string {
  const facts = [
    ...(ours ? [`healed ${orNever(ours.healMs)}`, `noticed ${orNever(ours.noticeMs)}`] : []),
    ...(ours && ours.outlastMs > 0 ? [`promised without a way ${seconds(ours.outlastMs)}`] : []),
    ...(peer ? [`autossh ${orNever(peer.wayMs)}`] : []),
    ...Object.entries(figures).map(([name, value]) => `${name} ${value}`),
  ]
  const states = [...new Set((ours?.states ?? []).map(({ state, cause }) => `  ${state}: ${cause}`))]
  return [...missed, facts.join(', '), ...(missed.length > 0 ? states : [])].filter(line => line !== '').join('\n')
}

/** One line for each row: medians, with the worst beside it. */
export function describeRows(rows: readonly RowResult[]): string {
  const lines = rows.map(({ name, runs, missed }) => [
    name,
    missed.length === 0 ? 'ok' : 'FAIL',
    spread(runs.map(({ ours }) => ours?.noticeMs)),
    spread(runs.map(({ ours }) => ours?.healMs)),
    spread(runs.map(({ ours }) => ours?.outlastMs)),
    spread(runs.map(({ peer }) => peer?.wayMs)),
  ])
  const head = ['', '', 'noticed', 'healed', 'promise outlasts', 'autossh']
  const failed = rows.filter(({ missed }) => missed.length > 0)
  const sum = `${rows.length} rows, ${failed.length} failed${failed.length > 0 ? `: ${failed.map(({ name }) => name).join(' ')}` : ''}`
  return `${table([head, ...lines])}\n\n${sum}`
}

/** Seconds: the median, and the 95th percentile where it differs; a dash where nothing was measured. */
export function spread(samples: readonly (number | undefined)[]): string {
  const known = samples.filter(one => one !== undefined)
  if (known.length === 0) return '–'
  const [middle = '', worst = ''] = [median(known), quantile(known, 0.95)].map(seconds)
  return middle === worst ? middle : `${middle} (${worst})`
}

const orNever = (ms: number | undefined) => (ms === undefined ? 'never' : seconds(ms))
