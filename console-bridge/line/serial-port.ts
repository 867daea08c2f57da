/** A serial port as serialport has it: the one file that knows what that really does. */
import { readSync, statSync } from 'node:fs'
import { SerialPort } from 'serialport'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import type { LineSettings, ModemLines } from './line.ts'

/** Bytes of one read: the kernel gives no more of a tty than a page. */
export const READ_BYTES = 4_096
/** Reads in one turn of the event loop, so that a flood on one line does not hold up the others. */
const READS_A_TURN = 8
/** Of serialport's poller (dist/poller.js). */
export const UV_READABLE = 1

/** serialport's binding for Linux (dist/linux.js in @serialport/bindings-cpp), without the stream on top of it. */
export interface Port {
  readonly isOpen: boolean
  readonly fd: number
  /** `poll` asks for one event. */
  readonly poller: { poll(events: number): void; on(event: 'readable', on: (err: Error | null) => void): unknown }
  update(options: { baudRate: number }): Promise<void>
  set(options: { brk: boolean; dtr: boolean; rts: boolean }): Promise<void>
  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }>
  getBaudRate(): Promise<{ baudRate: number }>
  flush(): Promise<void>
  drain(): Promise<void>
  close(): Promise<void>
}

/** @throws UserError when it is held, or has no such speed */
export async function openPort(path: string, { flowControl, ...settings }: LineSettings): Promise<Port> {
  try {
    const port = await SerialPort.binding.open({
      ...{ path, ...settings },
      rtscts: flowControl === 'rts-cts',
      xon: flowControl === 'xon-xoff',
      xoff: flowControl === 'xon-xoff',
      hupcl: false,
    })
    return port as unknown as Port
  } catch (err) {
    const problem = `${path} cannot be opened: another program holds it (sudo fuser -v ${path} shows which), or it does not support ${settings.baudRate} baud`
    throw new UserError(`${problem} (${errorMessage(err)})`, undefined, { cause: err })
  }
}

/**
 * Directly on the descriptor, which does not block: serialport's own way is a thread for each read.
 * @param signal the end of the line
 * @returns false when the line is gone
 */
export function readAll(port: Port, buffer: Buffer, onData: (bytes: Buffer) => void, signal: AbortSignal): boolean {
  for (let reads = 0; reads < READS_A_TURN; reads++) {
    let bytes: number
    try {
      bytes = readSync(port.fd, buffer)
    } catch (err) {
      return errorCode(err) === 'EAGAIN' || errorCode(err) === 'EINTR'
    }
    // The end of a tty that hung up (tty_read in tty_io.c); one that has nothing to say gives EAGAIN.
    if (bytes === 0) return false
    onData(Buffer.from(buffer.subarray(0, bytes)))
    // Most often there is no more, and the poller says so when there is.
    if (bytes < READ_BYTES / 2 || signal.aborted) return true
  }
  return true
}

/** Without a thread: /dev is in memory. @param opened the device that was opened */
export function isSameDevice(path: string, opened: number): boolean {
  try {
    return statSync(path).rdev === opened
  } catch {
    return false
  }
}

/** The speed that the driver really has; undefined for one that does not answer. */
export async function speedOf(port: Port): Promise<number | undefined> {
  return (await port.getBaudRate().catch(() => undefined))?.baudRate
}

/** A pty has none. */
export async function modemLinesOf(port: Port): Promise<ModemLines | undefined> {
  const found = await port.get().catch(() => undefined)
  return found && { cts: found.cts, dsr: found.dsr, dcd: found.dcd, ri: undefined }
}

/** @returns the error of what was begun */
export async function settled(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work
    return undefined
  } catch (err) {
    return err as Error
  }
}
