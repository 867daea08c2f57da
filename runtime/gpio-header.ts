/** The pins of the board's header in the kernel: the one place that knows the controllers, and both ways to them. */
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode, errorMessage } from './errors.ts'

/** Where the kernel shows its lines as files; kernels may lack it. */
export const GPIO_ROOT = '/sys/class/gpio'

/** The controllers of the 40-pin header: up to Pi 3 and Zero 2, Pi 4, Pi 5. Others drive the board's own parts. */
const HEADER_CONTROLLERS = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1']

export interface Missing {
  problem: string
  /** It is there, and this user may not use it. */
  denied: boolean
}

/** `$OOBM_GPIO_CONTROLLER` names that of a board that is no Raspberry Pi. */
function isHeader(...names: string[]): boolean {
  const { OOBM_GPIO_CONTROLLER: other } = process.env
  return names.some(name => HEADER_CONTROLLERS.includes(name) || name === other)
}

/**
 * A pin among the files of sysfs. Since Linux 6.6 a controller's lines are numbered from a base that the kernel chooses
 * (512: GPIO17 is line 529), and the files take the number that they are given: so the base is read (sysfs-gpio in the
 * kernel's ABI documentation).
 * @param pin BCM number, as on every pinout
 */
export function headerLine(pin: number, root = GPIO_ROOT): { line: number; description: string } | Missing {
  try {
    accessSync(join(root, 'export'), constants.W_OK)
    const controllers = readdirSync(root)
      .filter(name => /^gpiochip\d+$/.test(name))
      .map(name => ({
        label: readFileSync(join(root, name, 'label'), 'utf8').trim(),
        base: Number(readFileSync(join(root, name, 'base'), 'utf8')),
      }))
    const header = controllers.find(({ label }) => isHeader(label))
    if (header === undefined) return { problem: `no GPIO controller of the pin header in ${root}`, denied: false }
    const line = header.base + pin
    return { line, description: `GPIO${pin} (line ${line} of ${header.label})` }
  } catch (err) {
    return { problem: `GPIO cannot be used: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}

/** The character device of the header, whose lines have the numbers of the pins. A line is given back when its holder ends. */
export function headerChip(sys = '/sys', dev = '/dev'): { chip: string; controller: string } | Missing {
  const folder = join(sys, 'bus/gpio/devices')
  try {
    for (const name of readdirSync(folder)) {
      // gpiochip0 is a device below its controller's, which has a link to its driver.
      const controller = dirname(realpathSync(join(folder, name)))
      const driver = driverOf(controller)
      if (!isHeader(driver, basename(controller))) continue
      const chip = join(dev, name)
      accessSync(chip, constants.R_OK | constants.W_OK)
      return { chip, controller: driver }
    }
    return { problem: `no GPIO controller of the pin header in ${folder}`, denied: false }
  } catch (err) {
    return { problem: `GPIO cannot be used: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}

function driverOf(device: string): string {
  try {
    return basename(readlinkSync(join(device, 'driver')))
  } catch {
    return ''
  }
}
