/** An LED that the kernel drives, such as the board's own ACT, below /sys/class/leds. */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Candidate, LedBackend } from './led-backend.ts'

/** @param name below /sys/class/leds: `ACT`, or what a `dtoverlay=gpio-led` names */
export function findKernelLed(name: string, root = '/sys/class/leds'): Candidate {
  const directory = join(root, name)
  try {
    for (const file of ['brightness', 'trigger']) accessSync(join(directory, file), constants.R_OK | constants.W_OK)
    const description = `kernel LED ${directory}`
    return { description, open: () => openKernelLed(description, directory) }
  } catch (err) {
    return { problem: `kernel LED ${name} cannot be used: ${errorMessage(err)}`, denied: errorCode(err) === 'EACCES' }
  }
}

function openKernelLed(description: string, directory: string): LedBackend {
  const write = (file: string, value: string) => writeFileSync(join(directory, file), value)
  const full = readFileSync(join(directory, 'max_brightness'), 'utf8').trim()
  // The kernel lists all triggers, and the one in force in brackets: `none [mmc0] timer` (leds-class documentation).
  const [, trigger = 'none'] = /\[(.+?)\]/.exec(readFileSync(join(directory, 'trigger'), 'utf8')) ?? []
  write('trigger', 'none')
  write('brightness', '0')
  return {
    description,
    flashes: true,
    draw: (_word, lit) => write('brightness', lit ? full : '0'),
    close: () => {
      write('brightness', '0')
      write('trigger', trigger)
    },
  }
}
