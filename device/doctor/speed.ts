/** `oobm doctor --speed`: asks the supervisor to measure the way of the tunnel, and says what to write for `uplink_kbit`. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { deviceConfigPath, directoriesOf } from '../../formats/directories.ts'
import {
  formatSpeedRequest,
  SPEED_LIMITS,
  type SpeedDirection,
  type SpeedResult,
  speedResultPath,
  speedResultSchema,
} from '../../formats/speed.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { CommandContext } from '../command.ts'
import { ask, runningSupervisor } from '../daemons/ask-supervisor.ts'

/** Milliseconds for a login over a bad line, and for both directions. */
const LIMIT_MS = 90_000
const PACE_MS = 200
/** Of one processor: past that, the board is the limit and not the line. */
const BUSY_PERCENT = 85
/** Of what was measured: past that share, others slowed it. */
const OTHERS = 0.2
/** The least that `uplink_kbit` takes. */
const KBIT_MIN = 64

export interface SpeedOptions {
  /** A way that is paid by the byte, too. */
  metered: boolean
  /** Also while people are in. */
  yes: boolean
  json: boolean
}

/** @returns the exit code */
export async function runSpeed(options: SpeedOptions, context: CommandContext): Promise<number> {
  const { env, print, paint, clock, signal } = context
  const { sessions, connectedAt } = await runningSupervisor(env)
  if (connectedAt === null) {
    throw new UserError(
      'not measured: there is no tunnel, and it is measured through the relay. Find out why with: oobm doctor',
      EXIT.unavailable,
    )
  }
  // One shell may be the one in which this runs.
  const people = sessions.console + Math.max(0, sessions.shell - 1)
  if (people > 0 && !options.yes) {
    const many = people === 1 ? 'somebody else is in, and' : `${people} others are in, and`
    throw new UserError(
      `${many} their keystrokes would wait for some seconds. Wait until they are gone, or add --yes.`,
      EXIT.failed,
    )
  }
  const { bytes, ms } = SPEED_LIMITS
  if (!options.json) print(`measuring: ${ms / 1_000} s down and ${ms / 1_000} s up, at most ${mb(bytes)} each`)
  const asked = randomBytes(8).toString('hex')
  const takeBack = await ask(env, 'speed', formatSpeedRequest(asked, options.metered))
  try {
    const deadlineMs = clock.nowMs() + LIMIT_MS
    let result = await readResult(env, asked)
    while (result === undefined && clock.nowMs() < deadlineMs && !signal.aborted) {
      await clock.sleep(PACE_MS, signal)
      await runningSupervisor(env)
      result = await readResult(env, asked)
    }
    if (result === undefined) {
      throw new UserError(
        `no answer within ${LIMIT_MS / 1_000} s: does another measurement run? See: journalctl -u oobm-supervisor`,
        EXIT.failed,
      )
    }
    if (options.json) print(JSON.stringify({ version: 1, speed: result }))
    else for (const line of describeSpeed(result, await present(env, result.uplink), paint)) print(line)
    return exitCode(result)
  } finally {
    await takeBack()
  }
}

function exitCode({ outcome }: SpeedResult): number {
  switch (outcome.kind) {
    case 'measured':
      return outcome.up.kbit === null || outcome.down.kbit === null ? EXIT.failed : EXIT.ok
    case 'no-tunnel':
    case 'old-relay':
      return EXIT.unavailable
    case 'metered':
    case 'failed':
      return EXIT.failed
    default:
      return outcome satisfies never
  }
}

async function readResult(env: NodeJS.ProcessEnv, asked: string): Promise<SpeedResult | undefined> {
  try {
    const text = await readFile(speedResultPath(directoriesOf('oobm', env).runtime), 'utf8')
    const result = speedResultSchema.parse(JSON.parse(text))
    return result.asked === asked ? result : undefined
  } catch {
    return undefined
  }
}

export type Kbit = { up: number; down: number }

/** What the configuration says of this interface now. */
async function present(env: NodeJS.ProcessEnv, uplink: string | null): Promise<Kbit | undefined> {
  try {
    const path = deviceConfigPath(env)
    const { uplinks } = parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema)
    return uplinks.find(one => one.interface === uplink)?.uplinkKbit
  } catch {
    return undefined
  }
}

/** Pure. */
export function describeSpeed({ uplink, relay, outcome }: SpeedResult, now: Kbit | undefined, paint: Paint): string[] {
  const name = uplink ?? 'the way out'
  switch (outcome.kind) {
    case 'metered':
      return [
        `not measured: ${outcome.cause}. It takes up to ${mb(2 * SPEED_LIMITS.bytes)} of it.`,
        'To measure all the same: oobm doctor --speed --metered',
      ]
    case 'no-tunnel':
      return [`not measured: ${outcome.cause}, and it is measured through the relay. Find out why with: oobm doctor`]
    case 'old-relay':
      return [
        `not measured: ${outcome.cause}. Its software is older than this device’s:`,
        `the operator brings ${relay} up to date with "oobm-relay apply", then this works.`,
      ]
    case 'failed':
      return [`not measured: ${outcome.cause}. Try again; if it stays so: oobm doctor`]
    case 'measured': {
      const { up, down, idleMs } = outcome
      const worst = [up.tunnelMs, down.tunnelMs].map(ms => (ms === null ? 'no answer' : `${ms} ms`))
      return [
        `${name}, through ${relay}:`,
        ...alignColumns([row('down', down, paint), row('up', up, paint)]),
        `a round trip in the tunnel: ${idleMs} ms before, at most ${worst[1]} down and ${worst[0]} up`,
        ...reservations(outcome),
        '',
        ...advice(uplink, up.kbit, down.kbit, now),
      ]
    }
    default:
      return outcome satisfies never
  }
}

function row(what: string, { kbit, bytes, ms }: SpeedDirection, paint: Paint): string[] {
  const rate = kbit === null ? 'too little passed to tell' : `${kbit} kbit/s`
  return [what, paint.strong(rate), `${mb(bytes)} in ${(ms / 1_000).toFixed(1)} s`]
}

function reservations({ up, down }: { up: SpeedDirection; down: SpeedDirection }): string[] {
  const found: string[] = []
  if (Math.max(up.cpuPercent, down.cpuPercent) >= BUSY_PERCENT)
    found.push('this board had no more processor time for it: the line itself may be faster')
  const others = Math.max(up.othersKbit ?? 0, down.othersKbit ?? 0)
  if (others > OTHERS * Math.min(up.kbit ?? Infinity, down.kbit ?? Infinity))
    found.push(`others moved up to ${others} kbit/s over it meanwhile: measure again when it is quiet`)
  return found
}

function advice(uplink: string | null, up: number | null, down: number | null, now: Kbit | undefined): string[] {
  if (up === null || down === null) return ['Nothing to write for uplink_kbit: try again.']
  if (uplink === null) return ['The interface is not known: find it with "ip route get" and the relay’s address.']
  const text = ({ up, down }: Kbit) => `uplink_kbit = { up = ${up}, down = ${down} }`
  return [
    'To write in oobm.toml, less if the line is slower at a bad hour:',
    '    [[uplinks]]',
    `    interface = "${uplink}"`,
    `    ${text({ up: roundedDown(up), down: roundedDown(down) })}`,
    now === undefined ? 'Nothing was changed; it has no uplink_kbit now.' : `Nothing was changed; now: ${text(now)}`,
  ]
}

/** Two digits that count: the next measurement has others after them. */
export function roundedDown(kbit: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, kbit))) - 1)
  return Math.max(KBIT_MIN, Math.floor(kbit / unit) * unit)
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
