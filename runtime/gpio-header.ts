/** Which number the kernel has for a pin of the board's header: the one place that knows the controllers. */
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, errorMessage } from './errors.ts'

/** Where the kernel shows its lines. */
export const GPIO_ROOT = '/sys/class/gpio'

/** The controllers of the 40-pin header: up to Pi 3 and Zero 2, Pi 4, Pi 5. Others drive the board's own parts. */
const HEADER_CONTROLLERS = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1']

/**
 * Since Linux 6.6 a controller's lines are numbered from a base that the kernel chooses (512: GPIO17 is line 529), and
 * the files take the number that they are given: so the base is read (sysfs-gpio in the kernel's ABI documentation).
 * @param pin BCM number, as on every pinout
 */
export function headerLine(
  pin: number,
  root = GPIO_ROOT,
): { line: number; description: string } | { problem: string; denied: boolean } {
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
    return { line, description: `GPIO${pin} (line ${line} of ${header.label})` }
  } catch (err) {
    return { problem: `GPIO cannot be used: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}
