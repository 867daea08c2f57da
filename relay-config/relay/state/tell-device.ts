/** Sends a message to a connected device, through the FIFO that its claim reads. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { formatRelayMessage, type RelayOrder } from '../../../formats/control-protocol.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../../runtime/errors.ts'
import type { StatePaths } from './state-paths.ts'

/**
 * Writes once, without waiting.
 * @returns false when no connection of this device reads, or when its FIFO is full
 * @throws UserError when this user may not send messages to devices
 */
export async function tellDevice({ devices }: StatePaths, device: string, message: RelayOrder): Promise<boolean> {
  const path = join(devices, device, 'control')
  try {
    // No O_CREAT and no links: only a FIFO that `claim` made counts.
    const fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    try {
      if (!(await fifo.stat()).isFIFO()) return false
      await fifo.write(`${formatRelayMessage(message)}\n`)
      return true
    } finally {
      await fifo.close()
    }
  } catch (err) {
    switch (errorCode(err)) {
      case 'ENOENT':
      case 'ENXIO':
      case 'EAGAIN':
      case 'ELOOP':
        return false
      case 'EACCES':
        throw new UserError('this user may not send messages to devices: use sudo', EXIT.failed, { cause: err })
      default:
        throw new UserError(`${path}: ${errorMessage(err)}`, EXIT.failed, { cause: err })
    }
  }
}
