/** How an upgrade of a device ends, and what it sums up to; pure. */
import { EXIT, type ExitCode } from '../../../runtime/errors.ts'

export type Outcome =
  | { kind: 'done'; detail: string }
  /** It has these packages. */
  | { kind: 'already'; detail: string }
  /** The upgrade was started, and did not hold; the others are not started. */
  | { kind: 'failed'; detail: string }
  /** Nothing was changed there. */
  | { kind: 'refused'; detail: string }
  | { kind: 'unreachable'; detail: string }
  /** It goes on by itself, unseen; or nobody saw whether it began. */
  | { kind: 'under way'; detail: string }
  | { kind: 'not tried'; detail: string }

export type OutcomeKind = Outcome['kind']

/** Best first; how a summary calls each. */
const WORDS: Record<OutcomeKind, string> = {
  done: 'upgraded',
  already: 'already there',
  failed: 'failed',
  refused: 'not upgraded, nothing changed there',
  unreachable: 'not reached, nothing changed there',
  'under way': 'interrupted, not known how it ends',
  'not tried': 'not tried',
}

const KINDS = Object.keys(WORDS) as OutcomeKind[]

export function isGood({ kind }: Outcome): boolean {
  return kind === 'done' || kind === 'already'
}

/** 69 where all that is missing is devices that were not reached: run it again when they are there. */
export function exitCodeOf(outcomes: Iterable<Outcome>): ExitCode {
  const bad = [...outcomes].filter(outcome => !isGood(outcome))
  if (bad.length === 0) return EXIT.ok
  return bad.every(({ kind }) => kind === 'unreachable') ? EXIT.unavailable : EXIT.failed
}

/** The count of each, and the devices of all but the good ones with their reasons. */
export function summary(outcomes: ReadonlyMap<string, Outcome>): string[] {
  return KINDS.flatMap(kind => {
    const found = [...outcomes].filter(([, outcome]) => outcome.kind === kind)
    if (found.length === 0) return []
    const count = `${found.length} ${WORDS[kind]}`
    if (kind === 'done' || kind === 'already') return [count]
    const reasons = new Map<string, string[]>()
    for (const [name, { detail }] of found) reasons.set(detail, [...(reasons.get(detail) ?? []), name])
    return [
      `${count}:`,
      ...[...reasons].map(([detail, names]) => `  ${names.join(' ')}${detail === '' ? '' : `: ${detail}`}`),
    ]
  })
}
