/** An LED that the kernel drives, such as the board's own ACT, below /sys/class/leds. */
import { accessSync, closeSync, constants, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Candidate, LedBackend } from './led-backend.ts'

const LEDS = '/sys/class/leds'

/** @param name below /sys/class/leds: `ACT`, or what a `dtoverlay=gpio-led` names */
export function findKernelLed(name: string, root = LEDS): Candidate {
  const directory = join(root, name)
  try {
    for (const file of ['brightness', 'trigger']) accessSync(join(directory, file), constants.R_OK | constants.W_OK)
    const description = `kernel LED ${directory}`
    return { description, open: () => openKernelLed(description, directory) }
  } catch (err) {
    return { problem: `kernel LED ${name} cannot be used: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}

/** What kernels have called a board's activity LED: `led0` up to Linux 5, `ACT`, and by function (`green:activity`) upstream. */
const ACTIVITY = /^(act|led0|(.*:)?activity)$/i
/** Its triggers: accesses to the card, or the kernel's heartbeat. A power LED has other ones. */
const ACTIVITY_TRIGGER = /\[(mmc\d|actpwr|heartbeat)\]/

/** The board's own activity LED, by its name, else by what it shows. */
export function findActivityLed(root = LEDS): Candidate {
  try {
    const names = readdirSync(root).sort()
    const name =
      names.find(name => ACTIVITY.test(name)) ?? names.find(name => ACTIVITY_TRIGGER.test(triggersOf(root, name)))
    if (name !== undefined) return findKernelLed(name, root)
    return { problem: `no activity LED of the board in ${root} (${names.join(', ') || 'it is empty'})`, denied: false }
  } catch (err) {
    return { problem: `no LEDs of the board: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}

function triggersOf(root: string, name: string): string {
  try {
    return readFileSync(join(root, name, 'trigger'), 'utf8')
  } catch {
    return ''
  }
}

/** Both files stay open: a process without descriptors still drives its LED, and gives it back. */
function openKernelLed(description: string, directory: string): LedBackend {
  const brightness = openSysFile(join(directory, 'brightness'))
  const triggerFile = openSysFile(join(directory, 'trigger'))
  const full = readFileSync(join(directory, 'max_brightness'), 'utf8').trim()
  // The kernel lists all triggers, and the one in force in brackets: `none [mmc0] timer` (leds-class documentation).
  const [, trigger = 'none'] = /\[(.+?)\]/.exec(readFileSync(triggerFile.path, 'utf8')) ?? []
  triggerFile.write('none')
  brightness.write('0')
  return {
    description,
    flashes: true,
    off: [
      { path: brightness.path, value: '0' },
      { path: triggerFile.path, value: trigger },
    ],
    draw: (_word, lit) => brightness.write(lit ? full : '0'),
    close: () => {
      try {
        brightness.write('0')
        triggerFile.write(trigger)
      } finally {
        brightness.close()
        triggerFile.close()
      }
    },
  }
}

/** A file of sysfs that is kept open: each write goes to its beginning, and counts as a whole (sysfs documentation). */
function openSysFile(path: string) {
  const open = () => openSync(path, constants.O_WRONLY)
  let descriptor = open()
  const writeOnce = (value: string) => writeSync(descriptor, `${value}\n`, 0)
  return {
    path,
    /** A driver that was reloaded has another file under the same name. */
    write: (value: string) => {
      try {
        writeOnce(value)
      } catch (err) {
        if (errorCode(err) !== 'ENODEV') throw err
        const fresh = open()
        closeSync(descriptor)
        descriptor = fresh
        writeOnce(value)
      }
    },
    close: () => closeSync(descriptor),
  }
}
