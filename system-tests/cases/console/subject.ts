/** `console`: the serial consoles of the image, with QEMU's USB adapters and a real kernel. */
import type { Subject } from '../../case.ts'
import { makeStage, type Stage } from './board.ts'
import { checkModemLines } from './modem-lines.ts'

export const CONSOLE: Subject<Stage> = {
  name: 'console',
  about: 'the serial consoles of the image: what the bridge does to DTR, RTS and BREAK, on the USB bus',
  on: ['vm'],
  cases: () => [{ name: 'modem lines', run: checkModemLines }],
  setUp: makeStage,
}
