/** Sends a message to a connected device, through the pipe from its claim's shell to the sshd of its connection. */
import { constants } from 'node:fs'
import { open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { formatRelayMessage, type RelayOrder } from '../../../formats/control-protocol.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../../runtime/errors.ts'
import { readProcessStat } from '../../../runtime/process-stat.ts'
import { livingSessions } from './sessions.ts'
import type { StatePaths } from './state-paths.ts'

/** Opens a file without opening what it is, a device for example; open(2). Node.js has no name for it. */
const O_PATH = 0o10000000

/**
 * Writes once, without waiting.
 * @returns false when no connection of this device reads, or when the pipe is full
 * @throws UserError when this user may not send messages to devices
 */
export async function tellDevice(paths: StatePaths, device: string, message: RelayOrder): Promise<boolean> {
  const control = join(paths.devices, device, 'control')
  try {
    const pipe = (await shellOutput(paths, device, control)) ?? control
    // A link in place of `control` is followed nowhere else.
    const found = await open(pipe, O_PATH | (pipe === control ? constants.O_NOFOLLOW : 0))
    try {
      if (!(await found.stat()).isFIFO()) return false
      // The very file that was found. No O_CREAT.
      const writable = await open(`/proc/self/fd/${found.fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
      try {
        await writable.write(`${formatRelayMessage(message)}\n`)
        return true
      } finally {
        await writable.close()
      }
    } finally {
      await found.close()
    }
  } catch (err) {
    switch (errorCode(err)) {
      case 'ENOENT':
      case 'ENXIO':
      case 'EAGAIN':
      case 'EPIPE':
        return false
      case 'EACCES':
        throw new UserError(`this user may not send messages to devices: ${whatToDo()}`, EXIT.failed, { cause: err })
      default:
        throw new UserError(`${control}: ${errorMessage(err)}`, EXIT.failed, { cause: err })
    }
  }
}

/**
 * The output of the shell that `control` names, if sshd of a living connection of this device started it: another process may have
 * its number by now. Undefined where `control` is no such link: an earlier version made a FIFO, which its connections still read.
 */
async function shellOutput(paths: StatePaths, device: string, control: string): Promise<string | undefined> {
  const pid = /^\/proc\/(\d{1,9})\/fd\/8$/.exec(await readlink(control).catch(() => ''))?.[1]
  if (pid === undefined) return undefined
  const parent = (await readProcessStat(pid))?.parent
  const sessions = await livingSessions(paths, device)
  return sessions.some(session => session.pid === parent) ? `/proc/${pid}/fd/8` : undefined
}

function whatToDo(): string {
  return process.getuid?.() === 0 ? 'this root lacks CAP_SYS_PTRACE, as in a container' : 'use sudo'
}
