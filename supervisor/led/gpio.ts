/** An LED on a pin of the header, through onoff: the one file that knows how the kernel numbers the pins. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gpio } from 'onoff'
import { systemClock } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Candidate, LedBackend } from './led-backend.ts'

/** Where onoff looks; it takes no other. */
const ROOT = '/sys/class/gpio'

/** The controllers of the 40-pin header: up to Pi 3 and Zero 2, Pi 4, Pi 5. Others drive the board's own parts. */
const HEADER_CONTROLLERS = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1']

/** Milliseconds that udev has, at a busy boot, to make a new line's files writable to the group `gpio`. */
const UDEV_MS = 5_000
const PACE_MS = 20

/**
 * Looks for the header's controller, and takes nothing yet.
 * Since Linux 6.6 a controller's lines are numbered from a base that the kernel chooses (512: GPIO17 is line 529), and
 * onoff writes the number that it is given: so the base is read (sysfs-gpio in the kernel's ABI documentation).
 * @param pin BCM number, as on every pinout
 */
export function findGpio(pin: number, root = ROOT): Candidate {
  try {
    accessSync(join(root, 'export'), constants.W_OK)
    const controllers = readdirSync(root)
      .filter(name => /^gpiochip\d+$/.test(name))
      .map(name => ({
        label: readFileSync(join(root, name, 'label'), 'utf8').trim(),
        base: Number(readFileSync(join(root, name, 'base'), 'utf8')),
      }))
    const header = controllers.find(({ label }) => HEADER_CONTROLLERS.includes(label))
    if (header === undefined) return { problem: `no GPIO controller of the pin header in ${root}`, denied: false }
    const line = header.base + pin
    const description = `GPIO${pin} (line ${line} of ${header.label})`
    return { description, open: () => openGpio(description, line) }
  } catch (err) {
    return { problem: `GPIO cannot be used: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}

/**
 * Exports the line before onoff does: onoff waits for udev to hand the files to the group `gpio` by 10,000 tries in a
 * row, which hold up the whole process and on a busy board are over before udev is.
 */
async function openGpio(description: string, line: number): Promise<LedBackend> {
  const directory = join(ROOT, `gpio${line}`)
  if (!existsSync(directory)) writeFileSync(join(ROOT, 'export'), String(line))
  try {
    await waitUntilWritable(['value', 'direction'].map(file => join(directory, file)))
    // 'low' makes it an output that begins dark, in one step (onoff's documentation).
    const pin = new Gpio(line, 'low')
    return {
      description,
      flashes: true,
      off: [
        { path: join(directory, 'value'), value: '0' },
        { path: join(ROOT, 'unexport'), value: String(line) },
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
    writeFileSync(join(ROOT, 'unexport'), String(line))
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
