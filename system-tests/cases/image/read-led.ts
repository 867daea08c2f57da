/** Reads the state off an emulated pin, as somebody on site reads it off the LED. */
import { setTimeout as delay } from 'node:timers/promises'
import { STATE_NAMES, STATES, type State } from '../../../formats/states.ts'
import type { Qmp } from '../../machine/qmp.ts'

/** Milliseconds between two looks: a fifth of the shortest flash. */
const PACE_MS = 20
/** BCM number of the LED's pin. */
const PIN = 17

/** How long the pin was high or low: milliseconds. */
export interface Span {
  lit: boolean
  ms: number
}

/** Watches until the pattern is some state's, and not only for a moment. Undefined when it was none until the time was over. */
export async function readLed(qmp: Qmp, pinLevels: number, timeoutMs: number): Promise<State | undefined> {
  const deadlineMs = performance.now() + timeoutMs
  const spans: Span[] = []
  let since: { lit: boolean; ms: number } | undefined
  while (performance.now() < deadlineMs) {
    const lit = await isHigh(qmp, pinLevels)
    const nowMs = performance.now()
    if (since === undefined) since = { lit, ms: nowMs }
    else if (since.lit !== lit) {
      spans.push({ lit: since.lit, ms: nowMs - since.ms })
      since = { lit, ms: nowMs }
      // The first one began before we looked.
      const state = stateOf(spans.slice(1))
      if (state !== undefined) return state
    }
    await delay(PACE_MS)
  }
  return undefined
}

async function isHigh(qmp: Qmp, pinLevels: number): Promise<boolean> {
  const answer = await qmp.monitor(`xp /1wx 0x${pinLevels.toString(16)}`)
  const [, levels = '0'] = /: 0x([0-9a-f]{8})/.exec(answer) ?? []
  return ((Number.parseInt(levels, 16) >>> PIN) & 1) === 1
}

/** The state whose pattern the last spans were, twice over. */
export function stateOf(spans: readonly Span[]): State | undefined {
  return STATE_NAMES.find(state => {
    const pattern = STATES[state].pattern.flatMap(([onMs, offMs]) => [
      { lit: true, ms: onMs },
      { lit: false, ms: offMs },
    ])
    const seen = spans.slice(-2 * pattern.length)
    if (seen.length < 2 * pattern.length) return false
    return pattern.some((_, shift) =>
      seen.every(({ lit, ms }, at) => {
        const expected = pattern[(at + shift) % pattern.length]
        return expected !== undefined && expected.lit === lit && isAbout(ms, expected.ms)
      }),
    )
  })
}

/** An emulated board on a busy machine keeps time badly; what tells the states apart is far more than this. */
function isAbout(ms: number, expectedMs: number): boolean {
  return Math.abs(ms - expectedMs) <= Math.max(90, expectedMs * 0.35)
}
