/** Before a device is upgraded: may it be, and are the files there, whole? */
import type { Clock } from '../../../runtime/clock.ts'
import { printable } from '../../../runtime/printable.ts'
import { CHECK_SCRIPT, STATE_SCRIPT, TOUCH_SCRIPT } from './device-scripts.ts'
import { type DeviceState, isDone, isUnderWay, parseState, whyNot } from './device-state.ts'
import type { Answer, DeviceWay } from './device-way.ts'
import type { Outcome } from './outcome.ts'
import { type Package, packagesFor } from './packages.ts'
import { isOlder } from './read-packages.ts'

export interface Work {
  way: DeviceWay
  /** For all devices. */
  packages: readonly Package[]
  /** An older version, too. */
  isDowngrade: boolean
  /** Also where these versions are. */
  isAgain: boolean
  /** Seconds that a restart waits for people on consoles; undefined where it does not. */
  idleS: number | undefined
  isDistribution: boolean
  /** What is going on, how far it is, from 0 to 1, and what the device says meanwhile. */
  tell(what: string, part?: number, detail?: string): void
  clock: Clock
  signal: AbortSignal
}

export interface Prepared {
  kind: 'prepared'
  before: DeviceState
  packages: readonly Package[]
  /** An upgrade that an earlier run started. */
  isUnderWay: boolean
}

/** Milliseconds for a question, over a bad line. */
export const ASK_MS = 90_000
/** A slow board hashes some megabytes a second. */
const CHECK_MS = 600_000
/** Milliseconds during which a lost connection is tried again: a network that changes, a relay that starts anew. */
const RETRY_FOR_MS = 30 * 60_000
const RETRY_PACE_MS = 15_000

/** Nothing changes on the device but the files that wait there. */
export async function prepareDevice(work: Work): Promise<Prepared | Outcome> {
  work.tell('asks it')
  const before = await askState(work)
  if ('kind' in before) return before
  const packages = packagesFor(work.packages, before.architecture)
  if (typeof packages === 'string') return refused(packages)
  if (before.unable !== undefined) return refused(before.unable)
  if (isUnderWay(before)) return { kind: 'prepared', before, packages, isUnderWay: true }
  if (!work.isAgain && !work.isDistribution && isDone(before, packages)) {
    return { kind: 'already', detail: describeVersions(packages) }
  }
  const why = whyNot(before, packages) ?? (work.isDowngrade ? undefined : await whyOlder(before, packages))
  if (why !== undefined) return refused(why)
  const problem = await sendAll(work, packages, before)
  return problem ?? { kind: 'prepared', before, packages, isUnderWay: false }
}

/** @returns what it says, or why it cannot be asked */
export async function askState({ way, packages }: Work): Promise<DeviceState | Outcome> {
  const answer = await way.run(STATE_SCRIPT, [...new Set(packages.map(({ name }) => name))], ASK_MS)
  if (answer.kind === 'unreachable') return { kind: 'unreachable', detail: answer.reason }
  return parseState(answer.said) ?? refused(`it does not answer as a device does: ${lastLineOf(answer)}`)
}

export function describeVersions(packages: readonly Package[]): string {
  return packages.map(({ name, version }) => `${name} ${version}`).join(', ')
}

export function lastLineOf({ said }: Extract<Answer, { kind: 'answered' }>): string {
  return printable(said.trim().split('\n').at(-1) ?? '', 300)
}

async function whyOlder({ versions }: DeviceState, packages: readonly Package[]): Promise<string | undefined> {
  for (const { name, version } of packages) {
    const there = versions.get(name)
    if (there !== undefined && (await isOlder(version, there)))
      return `it has ${name} ${there}, which is newer than ${version}: --downgrade installs the older one`
  }
  return undefined
}

/** Twice, where a file arrives damaged. */
async function sendAll(work: Work, packages: readonly Package[], before: DeviceState): Promise<Outcome | undefined> {
  const sums = packages.map(({ sha256 }) => sha256)
  let there = before.files
  for (const attempt of [1, 2]) {
    const touched = await retried(work, () => work.way.run(TOUCH_SCRIPT, sums, ASK_MS))
    if (touched.kind === 'unreachable') return lost(work, touched.reason)
    if (touched.code !== 0) return refused(`the files cannot be written there: ${lastLineOf(touched)}`)
    for (const file of packages) {
      if ((there.get(file.sha256) ?? 0) >= file.bytes) continue
      const problem = await sendOne(work, file)
      if (problem) return problem
    }
    work.tell('compares what arrived')
    const checked = await retried(work, () => work.way.run(CHECK_SCRIPT, sums, CHECK_MS))
    if (checked.kind === 'unreachable') return lost(work, checked.reason)
    if (checked.code === 0) return undefined
    if (attempt === 2) break
    work.tell('arrived damaged, is sent once more')
    // What is whole is there still; what was damaged is gone.
    const state = await askState(work)
    if ('kind' in state) return state
    there = state.files
  }
  return refused(
    'the file arrived damaged twice (its SHA-256 is another one there): is the card worn? See "oobm doctor"',
  )
}

async function sendOne(work: Work, file: Package): Promise<Outcome | undefined> {
  const onBytes = (bytes: number) => work.tell('uploads', file.bytes === 0 ? 1 : bytes / file.bytes)
  work.tell('uploads', 0)
  const sent = await retried(work, () => work.way.send(file, onBytes))
  if (sent.kind === 'unreachable') return lost(work, sent.reason)
  if (sent.code === 0) return undefined
  const state = await askState(work)
  const room = 'kind' in state ? '' : ` (${state.freeKib} KiB are free)`
  return refused(`the file cannot be written there${room}: ${lastLineOf(sent)}`)
}

/** The rest of a file waits on the device. */
function lost({ signal }: Work, reason: string): Outcome {
  if (signal.aborted) return { kind: 'not tried', detail: 'interrupted; what was uploaded is continued next time' }
  return {
    kind: 'unreachable',
    detail: `the connection was lost, and what was uploaded is continued next time: ${reason}`,
  }
}

async function retried({ clock, signal, tell }: Work, attempt: () => Promise<Answer>): Promise<Answer> {
  const untilMs = clock.nowMs() + RETRY_FOR_MS
  for (;;) {
    const answer = await attempt()
    if (answer.kind === 'answered' || signal.aborted || clock.nowMs() >= untilMs) return answer
    tell('the connection was lost, and is tried again', undefined, answer.reason)
    await clock.sleep(RETRY_PACE_MS, signal)
  }
}

function refused(detail: string): Outcome {
  return { kind: 'refused', detail }
}
