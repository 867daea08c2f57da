/** `console`: the serial consoles of the image, with QEMU's USB adapters and a real kernel. */
import type { Subject } from '../../case.ts'
import { makeStage, type Stage } from './board.ts'
import { checkModemLines } from './modem-lines.ts'
import { cutTranscript } from './power-cuts.ts'
import { checkUsbNames } from './usb-names.ts'

export const CONSOLE: Subject<Stage> = {
  name: 'console',
  about: 'the serial consoles of the image: power cuts of a transcript, DTR, RTS and BREAK, names by USB port',
  on: ['vm'],
  cases: ({ cuts }) => [
    { name: 'power cuts of a transcript', run: (stage, steps) => cutTranscript(stage, steps, cuts) },
    { name: 'modem lines', run: checkModemLines },
    { name: 'names by USB port', run: checkUsbNames },
  ],
  setUp: makeStage,
}
