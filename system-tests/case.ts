/** What a system test is made of: subjects with cases, and which of them somebody asks for; pure. */
import type { Undo } from './disposal.ts'
import type { MachineName, Options, Wanted } from './options.ts'

/** @typeParam Stage what all cases of a subject share */
export interface Subject<Stage> {
  name: string
  /** For the list: what it tries. */
  about: string
  on: readonly MachineName[]
  cases(options: Options): Case<Stage>[]
  /** Downloads what it needs, before it is isolated. */
  fetch?(): Promise<void>
  /** Makes what all cases share. */
  setUp(run: Run): Promise<Stage>
  /** Whether it runs in a network and a process tree of its own, without a way out. */
  isolated?: boolean
  /** Whether cases may run side by side. */
  sideBySide?: boolean
  /** What only all cases together tell. */
  finish?(stage: Stage, run: Run): Promise<void>
}

export interface Case<Stage> {
  name: string
  /** The case with whose machine or card this one goes on. */
  follows?: string
  /** One of the cheap ones: `--case ci`. */
  ci?: boolean
  /**
   * @returns what was seen, where the case is one step
   * @throws Error what was wrong; the cases that follow it are not run
   */
  run(stage: Stage, steps: Steps): Promise<string | undefined>
}

/** One run of a subject. */
export interface Run extends Undo {
  options: Options
  /** For files; kept when a step failed. */
  folder: string
  /** Aborted when the run is stopped. */
  signal: AbortSignal
  note(text: string): void
  /** A failure that is no case's own. */
  failed(name: string, why: string): void
}

/** What a case reports through. */
export interface Steps extends Undo {
  /** Where each case runs several times: which time this is, from 0. */
  run: number
  /** For files of this case; kept when it failed. */
  folder: string
  signal: AbortSignal
  /** The steps after a failed one are run. @returns whether it passed */
  step(name: string, run: () => Promise<string | undefined>): Promise<boolean>
  /** Without this one nothing more can be seen: it ends the case when it fails. */
  essential(name: string, run: () => Promise<string | undefined>): Promise<void>
  note(text: string): void
}

type Named = Pick<Case<never>, 'name' | 'follows' | 'ci'>

/** The cases that are asked for, and those that they go on from, in the order of the list; none when a name is unknown. */
export function select<T extends Named>(cases: readonly T[], { case: wanted, from, until }: Wanted): T[] {
  const at = (name: string | undefined, otherwise: number) =>
    name === undefined ? otherwise : cases.findIndex(one => one.name === name)
  const [first, last] = [at(from, 0), at(until, cases.length - 1)]
  if (first < 0) return []
  const isMeant = matcher(cases, wanted)
  const chosen = new Set(cases.slice(first, last + 1).filter(isMeant))
  for (const one of chosen) {
    const before = cases.find(({ name }) => name === one.follows)
    if (before) chosen.add(before)
  }
  return cases.filter(one => chosen.has(one))
}

function matcher(cases: readonly Named[], wanted: string): (one: Named) => boolean {
  if (wanted === 'ci' && cases.some(({ ci }) => ci)) return ({ ci = false }) => ci
  const names = cases.map(({ name }) => name)
  // Names have commas too.
  const parts = names.some(name => name.includes(wanted)) ? [wanted] : wanted.split(',').filter(part => part !== '')
  return ({ name }) => parts.some(part => (names.includes(part) ? name === part : name.includes(part)))
}
