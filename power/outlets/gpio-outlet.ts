/**
 * A relay at a pin of the header, by the files of /sys/class/gpio (sysfs-gpio in the kernel's ABI documentation). A pin that is
 * exported there stays as it was driven when this program ends, however it ends; a line of the character device would be
 * given back to the kernel, and the relay would fall.
 */
import { access, constants, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../runtime/clock.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { GPIO_ROOT, headerLine } from '../../runtime/gpio-header.ts'
import { within } from '../../runtime/waiting.ts'
import type { OnOff, Outlet } from './outlet.ts'

/** Milliseconds that udev has to make the files of a new line writable to the group `gpio`. */
const UDEV_MS = 5_000
const PACE_MS = 20

export function gpioOutlet({ pin, activeLow }: { pin: number; activeLow: boolean }, root = GPIO_ROOT): Outlet {
  const levelOf = (state: OnOff) => ((state === 'on') === activeLow ? 'low' : 'high')
  const line = () => {
    const found = headerLine(pin, root)
    if ('problem' in found) throw new UserError(`cannot be switched: ${found.problem}`)
    return join(root, `gpio${found.line}`)
  }
  return {
    read: async () => {
      const folder = line()
      const direction = await readFile(join(folder, 'direction'), 'utf8').catch(() => undefined)
      if (direction === undefined || direction.trim() === 'in')
        throw new UserError(`is not driven: GPIO${pin} has not been switched since the board started`)
      const isHigh = (await readFile(join(folder, 'value'), 'utf8')).trim() === '1'
      return isHigh === activeLow ? 'off' : 'on'
    },
    set: async (state, signal) => {
      const folder = line()
      try {
        await exportLine(folder, root)
        const files = ['value', 'direction'].map(file => join(folder, file))
        await within(UDEV_MS, [signal], over => untilWritable(files, over))
        // One step: the pin is never an output of the other level.
        await writeFile(join(folder, 'direction'), levelOf(state))
      } catch (err) {
        throw new UserError(`cannot be switched: GPIO${pin}: ${errorMessage(err)}`, undefined, { cause: err })
      }
    },
  }
}

async function exportLine(folder: string, root: string): Promise<void> {
  if (await exists(folder)) return
  const number = /\d+$/.exec(folder)?.[0] ?? ''
  await writeFile(join(root, 'export'), number).catch(err => {
    // Somebody else exported it meanwhile, or a driver of the kernel has it: the next step says so.
    if (errorCode(err) !== 'EBUSY') throw err
  })
}

async function untilWritable(files: string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const outcomes = await Promise.all(
      files.map(file =>
        access(file, constants.W_OK).then(
          () => true,
          () => false,
        ),
      ),
    )
    if (outcomes.every(Boolean)) return
    await systemClock.sleep(PACE_MS, signal)
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
