/** A line on a device file: the one file that knows what serialport really does. */
import { writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { SerialPort } from 'serialport'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { systemClock } from '../../runtime/clock.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import { checkDevice } from './device-file.ts'
import type { Line, LineEvents, LineSettings, ModemLines, ModemOutputs } from './line.ts'
import { byteMs, describeSettings, heldAfterMs, settingsOf } from './settings.ts'
import { drained, framingArgs, keepModemLinesAtClose, stty } from './stty.ts'
import { watchFlow } from './watch-flow.ts'

/** Milliseconds between two checks that the device file is still the one that was opened. */
const LOOK_MS = 2_000
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

type Port = SerialPort & { port?: { fd: number | null; getBaudRate(): Promise<{ baudRate: number }> } }

/**
 * Opens a serial device.
 * @throws UserError that says what to do: not plugged in, not permitted, held by another program
 */
export async function openSerialLine(console: ConsoleConfig, events: LineEvents): Promise<Line> {
  const { path } = console
  const opened = await checkDevice(path)
  await keepModemLinesAtClose(path)
  const port = await openPort(path, settingsOf(console))
  return watchLine(console, opened, port, events)
}

async function openPort(path: string, { flowControl, ...settings }: LineSettings): Promise<Port> {
  const port: Port = new SerialPort({
    ...{ path, ...settings },
    rtscts: flowControl === 'rts-cts',
    xon: flowControl === 'xon-xoff',
    xoff: flowControl === 'xon-xoff',
    hupcl: false,
    autoOpen: false,
  })
  await new Promise<void>((resolve, reject) => {
    port.open(err => (err ? reject(err) : resolve()))
  }).catch(err => {
    const problem = `${path} cannot be opened: another program holds it (sudo fuser -v ${path} shows which), or it does not support ${settings.baudRate} baud`
    throw new UserError(`${problem} (${errorMessage(err)})`, undefined, { cause: err })
  })
  return port
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
    if (port.isOpen) await settled(done => port.flush(done))
    // Some drivers go on with a BREAK that was not taken back.
    if (port.isOpen && inBreak) await setBreak(false).catch(() => {})
    if (port.isOpen) await settled(done => port.close(done))
    if (cause !== undefined) events.onClose(cause)
  }
  const unplugged = () => void finish('unplugged, or the adapter failed')

  port.on('error', unplugged)
  port.on('close', unplugged)
  port.on('data', (bytes: Buffer) => {
    if (!signal.aborted) events.onData(bytes)
  })
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
        clearToSend: async () => (flowControl === 'rts-cts' && !ignoresCts ? (await modemLines())?.cts : undefined),
        // A separate program waits: in this process it would occupy one of the four threads that all lines and files
        // share.
        onWire: signal => drained(descriptor(), signal),
      },
      {
        clock: systemClock,
        signal,
        heldMs: heldAfterMs(settings, DRIVER_BYTES),
        onHeld: held => !signal.aborted && events.onHeld(held),
      },
    )
  }

  /** serialport never reports a hang-up between two reads, and reads on for ever: so check. */
  async function lookAfter(): Promise<void> {
    for (;;) {
      await systemClock.sleep(LOOK_MS, signal)
      if (signal.aborted) return
      if (!(await isAlive())) unplugged()
    }
  }

  async function isAlive(): Promise<boolean> {
    const now = await stat(path).catch(() => undefined)
    return now?.rdev === opened && (await speed()) !== undefined
  }

  /** The speed that the driver really has; undefined for one that does not answer. */
  async function speed(): Promise<number | undefined> {
    return (await port.port?.getBaudRate().catch(() => undefined))?.baudRate
  }

  /** A pty has none. */
  async function modemLines(): Promise<ModemLines | undefined> {
    return new Promise(resolve =>
      port.get((err, status) => resolve(err || !status ? undefined : { ...status, ri: undefined })),
    )
  }

  function needOpen(): void {
    if (signal.aborted || !port.isOpen) throw new UserError(`${path} is closed`)
  }

  function descriptor(): number {
    return port.port?.fd as number
  }

  /** @throws when the line did not take all of them */
  async function apply(next: LineSettings): Promise<void> {
    await stty(descriptor(), framingArgs(next))
    if (next.baudRate === settings.baudRate) return
    const failure = await settled(done => port.update({ baudRate: next.baudRate }, done))
    if (failure) throw failure
    // The binding reports no refusal, and a driver may take the nearest speed that it has.
    const actual = (await speed()) ?? 0
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
    return settled(done => port.set({ brk, dtr, rts }, done))
  }

  async function setBreak(brk: boolean): Promise<void> {
    const failure = await write(brk, outputs)
    if (!failure) return
    // The binding does TIOCSBRK first and TIOCMSET after it. A line that is alive and has no modem lines to read (a
    // pty: ENOTTY) failed at the second; any other failed at the first.
    if ((await modemLines()) === undefined && (await isAlive())) return
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
      return modemLines()
    },
    setModemLines: async changes => {
      needOpen()
      if (changes.rts !== undefined && settings.flowControl === 'rts-cts') {
        throw new UserError('RTS belongs to the flow control of this line')
      }
      if ((await modemLines()) === undefined) throw new UserError(`${path} has no modem lines`)
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
        const taken = writeSync(descriptor(), bytes)
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
      draining ??= settled(done => port.drain(done)).finally(() => {
        draining = undefined
      })
      const failure = await draining
      if (failure) throw failure
    },
    discard: async () => {
      needOpen()
      await settled(done => port.flush(done))
    },
    release: async () => {
      needOpen()
      await stty(descriptor(), ['-ixon', '-crtscts'])
      if (settings.flowControl === 'xon-xoff') await stty(descriptor(), ['ixon'])
      ignoresCts = true
    },
    setBreak: async on => {
      needOpen()
      // TIOCSBRK waits in one of four worker threads, without a bound, until the kernel's buffer is empty (tty_ioctl in
      // tty_io.c). While flow control holds the line it never is, so what the target does not take is flushed.
      const makeRoom = setInterval(() => port.isOpen && port.flush(() => {}), UNSTALL_MS)
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

/** Waits for a callback. @returns its error */
function settled(start: (done: (err?: Error | null) => void) => void): Promise<Error | undefined> {
  return new Promise(resolve => start(err => resolve(err ?? undefined)))
}
