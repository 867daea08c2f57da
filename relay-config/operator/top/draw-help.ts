/** The help of `oobm-relay top`; pure. */
import type { Paint } from '../../../cli/paint.ts'
import { fitWidth } from '../../../cli/width.ts'
import { KEYS } from './top-state.ts'

export function drawHelp(columns: number, lines: number, paint: Paint): string[] {
  const width = Math.max(...KEYS.map(([keys]) => keys.length))
  const legend = [
    '',
    'A state is what the device said last; ? marks one that may be over: its relay is not heard.',
    'OUTPUT is the age of the last output of a console, as of the last report of its device.',
    'away, silent, never: as the relay sees it. Reports and people are what devices say.',
    '',
    'Any key goes back.',
  ]
  const text = [
    'Keys of oobm-relay top',
    '',
    ...KEYS.map(([keys, does]) => `  ${keys.padEnd(width)}  ${does}`),
    ...legend,
  ]
  return text
    .map((line, at) => {
      const fitted = fitWidth(line, columns).trimEnd()
      return at === 0 ? paint.strong(fitted) : fitted
    })
    .slice(0, lines)
}
