/** Results as text: a line a run, a table of all rows, and docs/reliability.md; pure. */
import { median, quantile, table } from '../bench/figures.ts'
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

export function describeRun({ row, run, ours, peer, missed, figures }: Result): string {
  const facts = [
    ...(ours ? [`healed ${orNever(ours.healMs)}`, `noticed ${orNever(ours.noticeMs)}`] : []),
    ...(ours && ours.outlastMs > 0 ? [`promised without a way ${seconds(ours.outlastMs)}`] : []),
    ...(peer ? [`autossh ${orNever(peer.wayMs)}`] : []),
    ...Object.entries(figures).map(([name, value]) => `${name} ${value}`),
  ]
  const head = `${missed.length === 0 ? 'ok  ' : 'FAIL'} ${row} #${run + 1}: ${facts.join(', ')}`
  const states = (ours?.states ?? []).map(({ state, cause }) => `       ${state}: ${cause}`)
  return [head, ...missed.map(one => `     ! ${one}`), ...(missed.length > 0 ? states : [])].join('\n')
}

/** One line for each row: medians, with the worst beside it. */
export function describeRows(results: readonly Result[]): string {
  const rows = [...new Set(results.map(({ row }) => row))].map(name => {
    const mine = results.filter(({ row }) => row === name)
    const of = (pick: (figures: Figures) => number | undefined) => mine.map(({ ours }) => ours && pick(ours))
    return [
      name,
      mine.every(({ missed }) => missed.length === 0)
        ? 'ok'
        : `FAIL ${mine.filter(({ missed }) => missed.length > 0).length}/${mine.length}`,
      spread(of(({ noticeMs }) => noticeMs)),
      spread(of(({ healMs }) => healMs)),
      spread(of(({ outlastMs }) => outlastMs)),
      spread(mine.map(({ peer }) => peer?.wayMs)),
    ]
  })
  return table([['', '', 'noticed', 'healed', 'promise outlasts', 'autossh'], ...rows])
}

/** Seconds: the median, and the worst where they differ; a dash where nothing was measured. */
function spread(samples: readonly (number | undefined)[]): string {
  const known = samples.filter(one => one !== undefined)
  if (known.length === 0) return '–'
  const [middle, worst] = [median(known), quantile(known, 1)].map(seconds)
  return middle === worst ? (middle ?? '') : `${middle} (${worst})`
}

const orNever = (ms: number | undefined) => (ms === undefined ? 'never' : seconds(ms))
