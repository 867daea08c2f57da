/** An LED on pins of the header, through onoff: one pin, or three for red, green and blue. */
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gpio } from 'onoff'
import { systemClock } from '../../runtime/clock.ts'
import { GPIO_ROOT, headerLine } from '../../runtime/gpio-header.ts'
import type { Candidate, LedBackend, SysWrite } from './led-backend.ts'
import { type LedPins, lightsOf } from './led-pins.ts'

/** Milliseconds that udev has, at a busy boot, to make a new line's files writable to the group `gpio`. */
const UDEV_MS = 5_000
const PACE_MS = 20

/** Looks for the pins, and takes nothing yet. onoff writes the number that it is given, and looks in no other folder. */
export function findGpio({ pins, activeLow }: LedPins, root = GPIO_ROOT): Candidate {
  const lines: number[] = []
  const descriptions: string[] = []
  for (const pin of pins) {
    const found = headerLine(pin, root)
    if ('problem' in found) return found
    lines.push(found.line)
    descriptions.push(found.description)
  }
  const description = descriptions.join(', ')
  return { description, open: () => openGpio(description, lines, activeLow) }
}

async function openGpio(description: string, lines: readonly number[], activeLow: boolean): Promise<LedBackend> {
  const pins: OpenPin[] = []
  const close = () => each(pins, pin => pin.close())
  try {
    for (const line of lines) pins.push(await openPin(line, activeLow))
  } catch (err) {
    close()
    throw err
  }
  return {
    description,
    flashes: true,
    off: pins.flatMap(pin => pin.off),
    draw: (state, lit) => {
      const lights = lightsOf(state, pins.length)
      each(pins, (pin, at) => pin.light(lit && lights[at] === true))
    },
    close,
  }
}

interface OpenPin {
  off: readonly SysWrite[]
  light(isLit: boolean): void
  close(): void
}

/**
 * Exports the line before onoff does: onoff waits for udev to hand the files to the group `gpio` by 10,000 tries in a
 * row, which hold up the whole process and on a busy board are over before udev is.
 */
async function openPin(line: number, activeLow: boolean): Promise<OpenPin> {
  const directory = join(GPIO_ROOT, `gpio${line}`)
  if (!existsSync(directory)) writeFileSync(join(GPIO_ROOT, 'export'), String(line))
  try {
    await waitUntilWritable(['value', 'direction'].map(file => join(directory, file)))
    // Makes it an output that begins dark, in one step (onoff's documentation).
    const pin = new Gpio(line, activeLow ? 'high' : 'low')
    const light = (isLit: boolean) => pin.writeSync(isLit === activeLow ? 0 : 1)
    return {
      off: [
        { path: join(directory, 'value'), value: activeLow ? '1' : '0' },
        { path: join(GPIO_ROOT, 'unexport'), value: String(line) },
      ],
      // onoff keeps `value` open from here on: it is drawn without another descriptor.
      light,
      close: () => {
        try {
          light(false)
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

/** Each of them, also after one that fails; the first failure is thrown. */
function each(pins: readonly OpenPin[], effect: (pin: OpenPin, at: number) => void): void {
  const failures: unknown[] = []
  for (const [at, pin] of pins.entries()) {
    try {
      effect(pin, at)
    } catch (err) {
      failures.push(err)
    }
  }
  if (failures.length > 0) throw failures[0]
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
