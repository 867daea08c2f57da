/** Options of a system test's command line; pure. */
import { parseArgs } from 'node:util'
import { BOARDS, type BoardName } from '../image/build/boards.ts'

/** Containers of a Debian, and network namespaces. */
const NOT_BOARDS = ['trixie', 'bookworm', 'netns'] as const
export type MachineName = BoardName | (typeof NOT_BOARDS)[number]
/** What tests run on: the boards of the image, emulated in QEMU, and what is not a board. */
export const MACHINES: readonly MachineName[] = [...(Object.keys(BOARDS) as BoardName[]), ...NOT_BOARDS]

/** What is asked for: `case` is a name, parts of names with commas between them, `ci`, or empty for all; `from` and `until` are names. */
export interface Wanted {
  case: string
  from?: string | undefined
  until?: string | undefined
}

export interface Options extends Wanted {
  on: MachineName
  /** One subject alone; all of them when empty. */
  subject: string
  /** How often a power-cut case cuts. */
  cuts: number
  /** How often each case runs, and how many run side by side where they may. */
  runs: number
  jobs: number
  /** Faults: with autossh beside it, at full length, and docs/reliability.md written. */
  peer: boolean
  full: boolean
  doc: boolean
  /** Soak. */
  seed: number
  minutes: number
}

/** @returns why not, where something is wrong */
export function readOptions(args: readonly string[]): Options | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      on: { type: 'string', default: '' },
      subject: { type: 'string', default: '' },
      case: { type: 'string', default: '' },
      from: { type: 'string', default: '' },
      until: { type: 'string', default: '' },
      cuts: { type: 'string', default: '20' },
      runs: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      peer: { type: 'string', default: '' },
      full: { type: 'boolean', default: false },
      doc: { type: 'boolean', default: false },
      seed: { type: 'string', default: '7' },
      minutes: { type: 'string', default: '20' },
    },
  })
  const on = MACHINES.find(name => name === values.on)
  if (on === undefined) return `no machine is called "${values.on}"; there are ${MACHINES.join(', ')}`
  for (const name of ['cuts', 'runs', 'jobs'] as const) {
    if (!/^[1-9]\d*$/.test(values[name])) return `${name} is ${values[name]}: it must be a whole number from 1`
  }
  if (!/^-?\d+$/.test(values.seed)) return `seed is ${values.seed}: it must be a whole number`
  if (!(Number(values.minutes) > 0)) return `minutes is ${values.minutes}: it must be a number above 0`
  if (values.peer !== '' && values.peer !== 'autossh') return `peer is ${values.peer}: it can only be autossh`
  return {
    ...{ on, subject: values.subject, case: values.case, peer: values.peer !== '', full: values.full, doc: values.doc },
    ...{ cuts: Number(values.cuts), runs: Number(values.runs), jobs: Number(values.jobs) },
    ...{ seed: Number(values.seed), minutes: Number(values.minutes) },
    from: values.from || undefined,
    until: values.until || undefined,
  }
}
