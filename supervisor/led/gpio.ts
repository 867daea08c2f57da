/** An LED on a pin of the header, through onoff. */
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gpio } from 'onoff'
import { systemClock } from '../../runtime/clock.ts'
import { GPIO_ROOT, headerLine } from '../../runtime/gpio-header.ts'
import type { Candidate, LedBackend } from './led-backend.ts'

/** Milliseconds that udev has, at a busy boot, to make a new line's files writable to the group `gpio`. */
const UDEV_MS = 5_000
const PACE_MS = 20

/**
 * Looks for the pin, and takes nothing yet. onoff writes the number that it is given, and looks in no other folder.
 * @param pin BCM number, as on every pinout
 */
export function findGpio(pin: number, root = GPIO_ROOT): Candidate {
  const found = headerLine(pin, root)
  if ('problem' in found) return found
  const { line, description } = found
  return { description, open: () => openGpio(description, line) }
}

/**
 * Exports the line before onoff does: onoff waits for udev to hand the files to the group `gpio` by 10,000 tries in a
 * row, which hold up the whole process and on a busy board are over before udev is.
 */
async function openGpio(description: string, line: number): Promise<LedBackend> {
  const directory = join(GPIO_ROOT, `gpio${line}`)
  if (!existsSync(directory)) writeFileSync(join(GPIO_ROOT, 'export'), String(line))
  try {
    await waitUntilWritable(['value', 'direction'].map(file => join(directory, file)))
    // 'low' makes it an output that begins dark, in one step (onoff's documentation).
    const pin = new Gpio(line, 'low')
    return {
      description,
      flashes: true,
      off: [
        { path: join(directory, 'value'), value: '0' },
        { path: join(GPIO_ROOT, 'unexport'), value: String(line) },
      ],
      // onoff keeps `value` open from here on: it is drawn without another descriptor.
      draw: (_word, lit) => pin.writeSync(lit ? 1 : 0),
      close: () => {
        try {
          pin.writeSync(0)
        } finally {
          pin.unexport()
        }
      },
    }
  } catch (err) {
    writeFileSync(join(GPIO_ROOT, 'unexport'), String(line))
    throw err
  }
}

async function waitUntilWritable(files: string[]): Promise<void> {
  const giveUp = AbortSignal.timeout(UDEV_MS)
  for (;;) {
    try {
      for (const file of files) accessSync(file, constants.W_OK)
      return
    } catch (err) {
      if (giveUp.aborted) throw err
      await systemClock.sleep(PACE_MS, giveUp)
    }
  }
}
