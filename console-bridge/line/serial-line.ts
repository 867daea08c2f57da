/** A line on a device file. */
import { writeSync } from 'node:fs'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { systemClock } from '../../runtime/clock.ts'
import { errorCode, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import { checkDevice } from './device-file.ts'
import type { Line, LineEvents, LineSettings, ModemOutputs } from './line.ts'
import {
  isSameDevice,
  modemLinesOf,
  openPort,
  type Port,
  READ_BYTES,
  readAll,
  settled,
  speedOf,
  UV_READABLE,
} from './serial-port.ts'
import { byteMs, describeSettings, heldAfterMs, settingsOf } from './settings.ts'
import { drained, framingArgs, keepModemLinesAtClose, stty } from './stty.ts'
import { untilTurnMs } from './turns.ts'
import { watchFlow } from './watch-flow.ts'

/** Milliseconds to wait for a close: the program’s end has less time than some drivers take. */
const CLOSE_MS = 2_000
/** Milliseconds after which the kernel's buffer is flushed for a BREAK that waits for it. */
const UNSTALL_MS = 250
/** Bytes that a USB adapter's driver takes before it reports no room (usb-serial's kfifo, one page). */
const DRIVER_BYTES = 4_096
/** Share by which the speed of an adapter may differ from the one asked for: with more, the last bit of a byte is lost. */
const SPEED_TOLERANCE = 0.03

/** Bytes that an adapter may still have when its driver reports that all is sent: the FIFO of a PL2303. */
const ADAPTER_BYTES = 256

/**
 * Opens a serial device.
 * @throws UserError that says what to do: not plugged in, not permitted, held by another program
 */
export async function openSerialLine(console: ConsoleConfig, events: LineEvents): Promise<Line> {
  const { path } = console
  const opened = await checkDevice(path)
  await keepModemLinesAtClose(path)
  const port = await openPort(path, settingsOf(console))
  // A BREAK of a bridge that was killed ends here: some drivers go on with it. The kernel raised both modem lines at open,
  // so that for any other line nothing changes.
  await settled(port.set({ brk: false, dtr: true, rts: true }))
  return watchLine(console, opened, port, events)
}

function watchLine(console: ConsoleConfig, opened: number, port: Port, events: LineEvents): Line {
  const { path } = console
  const ending = new AbortController()
  const { signal } = ending
  let settings = settingsOf(console)
  // The kernel raised both at open.
  let outputs: ModemOutputs = { dtr: true, rts: true }
  let inBreak = false
  let bytesWritten = 0
  let writtenAtMs = Number.NEGATIVE_INFINITY
  let ignoresCts = false
  let draining: Promise<Error | undefined> | undefined
  let flowWatch: AbortController | undefined
  let lastSet: Promise<unknown> = Promise.resolve()

  /** Ends this object once, whatever ends it: serialport reports some ends twice and others never. */
  const finish = async (cause?: string) => {
    if (signal.aborted) return
    ending.abort()
    flowWatch?.abort()
    // Output that the target does not take would delay the close by the driver's closing_wait, 30 s.
    if (port.isOpen) await settled(port.flush())
    // Some drivers go on with a BREAK that was not taken back.
    if (port.isOpen && inBreak) await setBreak(false).catch(() => {})
    if (port.isOpen) await settled(port.close())
    if (cause !== undefined) events.onClose(cause)
  }
  const unplugged = () => void finish('unplugged, or the adapter failed')

  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const read = () => readAll(port, buffer, bytes => events.onData(bytes), signal)
  port.poller.on('readable', err => {
    if (signal.aborted) return
    // A hang-up is an error of the poller.
    if (err || !read()) return unplugged()
    if (!signal.aborted) port.poller.poll(UV_READABLE)
  })
  port.poller.poll(UV_READABLE)
  void lookAfter()
  watchOutput()

  function watchOutput(): void {
    flowWatch?.abort()
    flowWatch = new AbortController()
    const { flowControl } = settings
    events.onHeld(false)
    if (flowControl === 'none') return
    const { signal } = flowWatch
    void watchFlow(
      {
        bytesWritten: () => bytesWritten,
        clearToSend: async () =>
          flowControl === 'rts-cts' && !ignoresCts ? (await modemLinesOf(port))?.cts : undefined,
        // A separate program waits: in this process it would occupy one of the four threads that all lines and files
        // share.
        onWire: signal => drained(port.fd, signal),
      },
      {
        clock: systemClock,
        signal,
        heldMs: heldAfterMs(settings, DRIVER_BYTES),
        onHeld: held => !signal.aborted && events.onHeld(held),
      },
    )
  }

  /** The poller sees a hang-up. It does not see that the path leads to another device now. */
  async function lookAfter(): Promise<void> {
    for (;;) {
      await systemClock.sleep(untilTurnMs(systemClock.nowMs()), signal)
      if (signal.aborted) return
      if (!isSameDevice(path, opened)) unplugged()
    }
  }

  async function isAlive(): Promise<boolean> {
    return isSameDevice(path, opened) && (await speedOf(port)) !== undefined
  }

  function needOpen(): void {
    if (signal.aborted || !port.isOpen) throw new UserError(`${path} is closed`)
  }

  /** @throws when the line did not take all of them */
  async function apply(next: LineSettings): Promise<void> {
    await stty(port.fd, framingArgs(next))
    if (next.baudRate === settings.baudRate) return
    await port.update({ baudRate: next.baudRate })
    // The binding reports no refusal, and a driver may take the nearest speed that it has.
    const actual = (await speedOf(port)) ?? 0
    if (Math.abs(actual - next.baudRate) > next.baudRate * SPEED_TOLERANCE) {
      throw new UserError(`the adapter took ${actual} instead`)
    }
  }

  async function change(changes: Partial<LineSettings>): Promise<void> {
    needOpen()
    const before = settings
    const next = { ...before, ...changes }
    await systemClock.sleep(Math.max(0, writtenAtMs + ADAPTER_BYTES * byteMs(before) - systemClock.nowMs()), signal)
    needOpen()
    try {
      await apply(next)
      settings = next
    } catch (err) {
      needOpen()
      settings = next
      await apply(before).catch(() => {})
      settings = before
      const reason = err instanceof UserError ? `: ${err.message}` : ''
      throw new UserError(`the adapter does not support ${describeSettings(next)}${reason}`, undefined, { cause: err })
    } finally {
      ignoresCts = false
      if (!signal.aborted) watchOutput()
    }
  }

  /** Each set() of serialport writes BREAK and both modem lines. */
  async function write(brk: boolean, { dtr, rts }: ModemOutputs): Promise<Error | undefined> {
    return settled(port.set({ brk, dtr, rts }))
  }

  async function setBreak(brk: boolean): Promise<void> {
    const failure = await write(brk, outputs)
    if (!failure) return
    // The binding does TIOCSBRK first and TIOCMSET after it. A line that is alive and has no modem lines to read (a
    // pty: ENOTTY) failed at the second; any other failed at the first.
    if ((await modemLinesOf(port)) === undefined && (await isAlive())) return
    throw new UserError(`the adapter did not send the BREAK (${failure.message})`, undefined, { cause: failure })
  }

  return {
    get settings() {
      return settings
    },
    get outputs() {
      return outputs
    },
    set: changes => {
      const set = lastSet.then(() => change(changes))
      lastSet = set.catch(() => {})
      return set
    },
    modemLines: async () => {
      needOpen()
      return modemLinesOf(port)
    },
    setModemLines: async changes => {
      needOpen()
      if (changes.rts !== undefined && settings.flowControl === 'rts-cts') {
        throw new UserError('RTS belongs to the flow control of this line')
      }
      if ((await modemLinesOf(port)) === undefined) throw new UserError(`${path} has no modem lines`)
      const next = { ...outputs, ...changes }
      const failure = await write(inBreak, next)
      if (failure) throw new UserError(`the adapter did not change them (${failure.message})`)
      outputs = next
    },
    // Not serialport's write: what that has taken cannot be discarded, and would be sent after the BREAK that discards
    // it.
    write: bytes => {
      needOpen()
      try {
        const taken = writeSync(port.fd, bytes)
        bytesWritten += taken
        writtenAtMs = systemClock.nowMs()
        return taken
      } catch (err) {
        if (errorCode(err) === 'EAGAIN') return 0
        unplugged()
        throw err
      }
    },
    drain: async () => {
      needOpen()
      // One at a time: each occupies a thread until the target takes everything.
      draining ??= settled(port.drain()).finally(() => {
        draining = undefined
      })
      const failure = await draining
      if (failure) throw failure
    },
    discard: async () => {
      needOpen()
      await settled(port.flush())
    },
    release: async () => {
      needOpen()
      await stty(port.fd, ['-ixon', '-crtscts'])
      if (settings.flowControl === 'xon-xoff') await stty(port.fd, ['ixon'])
      ignoresCts = true
    },
    setBreak: async on => {
      needOpen()
      // TIOCSBRK waits in one of four worker threads, without a bound, until the kernel's buffer is empty (tty_ioctl in
      // tty_io.c). While flow control holds the line it never is, so what the target does not take is flushed.
      const makeRoom = setInterval(() => port.isOpen && void settled(port.flush()), UNSTALL_MS)
      inBreak = inBreak || on
      try {
        await setBreak(on)
        inBreak = on
      } finally {
        clearInterval(makeRoom)
      }
    },
    // Output that flow control holds also delays a driver's close, for its closing_wait.
    close: async () => void (await within(CLOSE_MS, [], () => finish())),
  }
}
