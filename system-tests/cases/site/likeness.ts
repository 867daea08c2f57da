/** Whether one sound is heard in another that came by mixers and another sample rate: how loud they are, moment by moment; pure. */
import type { Sound } from '../../../device/speech/wav.ts'

/** Milliseconds of a moment: shorter than a syllable. */
const MOMENT_MS = 20

export function envelope({ samples, sampleRate }: Sound): number[] {
  const size = Math.round((sampleRate * MOMENT_MS) / 1_000)
  return Array.from({ length: Math.floor(samples.length / size) }, (_, moment) => {
    let sum = 0
    for (let at = moment * size; at < (moment + 1) * size; at++) sum += (samples[at] ?? 0) ** 2
    return Math.sqrt(sum / size)
  })
}

/** @returns the best correlation of the part with any place of the whole, from -1 to 1 */
export function likeness(whole: readonly number[], part: readonly number[]): number {
  let best = -1
  for (let shift = 0; shift + part.length <= whole.length; shift++)
    best = Math.max(best, correlation(whole.slice(shift, shift + part.length), part))
  return best
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanA, meanB] = [mean(a), mean(b)]
  let [both, squaresA, squaresB] = [0, 0, 0]
  for (const [at, value] of a.entries()) {
    const [x, y] = [value - meanA, (b[at] ?? 0) - meanB]
    both += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return squaresA > 0 && squaresB > 0 ? both / Math.sqrt(squaresA * squaresB) : 0
}
