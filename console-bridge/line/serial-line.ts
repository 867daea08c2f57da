/** A line on a device file: the one file that knows what serialport really does. */
import { constants, writeSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import spawn from 'nano-spawn'
import { SerialPort } from 'serialport'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { systemClock } from '../../runtime/clock.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import type { Line, LineEvents } from './line.ts'
import { heldAfterMs } from './settings.ts'
import { watchFlow } from './watch-flow.ts'

/** Milliseconds between two checks that the device file is still the one that was opened. */
const LOOK_MS = 2_000
/** Milliseconds that `stty` may take: it waits only where the driver hangs. */
const STTY_MS = 5_000
/** Milliseconds to wait for a close: the program’s end has less time than some drivers take. */
const CLOSE_MS = 2_000
/** Milliseconds after which the kernel's buffer is flushed for a BREAK that waits for it. */
const UNSTALL_MS = 250

/** Bytes that a USB adapter's driver takes before it reports no room (usb-serial's kfifo, one page). */
const DRIVER_BYTES = 4_096

type Port = SerialPort & { port?: { fd: number | null; getBaudRate(): Promise<unknown> } }

/**
 * Opens a serial device.
 * @throws UserError that says what to do: not plugged in, not permitted, held by another program
 */
export async function openSerialLine(console: ConsoleConfig, events: LineEvents): Promise<Line> {
  const { path } = console
  const opened = await checkDevice(path)
  await keepModemLinesAtClose(path)
  const port = await openPort(console)
  return watchLine(console, opened, port, events)
}

/** serialport's errors have no code, so the usual causes are checked before it opens the device. */
async function checkDevice(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (!found.isCharacterDevice()) throw new UserError(`${path} is not a serial device`)
    await access(path, constants.R_OK | constants.W_OK)
    return found.rdev
  } catch (err) {
    if (err instanceof UserError) throw err
    switch (errorCode(err)) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new UserError(`${path} does not exist: the adapter is unplugged, or has another name`, undefined, {
          cause: err,
        })
      case 'EACCES':
        throw new UserError(
          `no permission for ${path}: the user of this program must be in the group that owns it (dialout)`,
          undefined,
          {
            cause: err,
          },
        )
      default:
        throw new UserError(`${path} cannot be used: ${errorMessage(err)}`, undefined, { cause: err })
    }
  }
}

/**
 * Closing a port with HUPCL drops DTR, which resets some equipment. serialport's `hupcl: false` does not clear it.
 * A failure of `stty` is ignored: opening the device then gives the better message.
 */
async function keepModemLinesAtClose(path: string): Promise<void> {
  // Without "-drain", stty waits for what flow control holds (TCSADRAIN, termios(3)).
  await stty(path, ['-drain', '-hupcl']).catch(() => {})
}

async function stty(path: string, settings: string[]): Promise<void> {
  await spawn('stty', ['-F', path, ...settings], { timeout: STTY_MS })
}

async function openPort({ path, baudRate, dataBits, parity, stopBits, flowControl }: ConsoleConfig): Promise<Port> {
  const port: Port = new SerialPort({
    ...{ path, baudRate, dataBits, parity, stopBits },
    rtscts: flowControl === 'rts-cts',
    xon: flowControl === 'xon-xoff',
    xoff: flowControl === 'xon-xoff',
    hupcl: false,
    autoOpen: false,
  })
  await new Promise<void>((resolve, reject) => {
    port.open(err => (err ? reject(err) : resolve()))
  }).catch(err => {
    const problem = `${path} cannot be opened: another program holds it (sudo fuser -v ${path} shows which), or it does not support ${baudRate} baud`
    throw new UserError(`${problem} (${errorMessage(err)})`, undefined, { cause: err })
  })
  return port
}

function watchLine(console: ConsoleConfig, opened: number, port: Port, events: LineEvents): Line {
  const { path, flowControl } = console
  const ending = new AbortController()
  const { signal } = ending
  let inBreak = false
  let bytesWritten = 0
  let ignoresCts = false
  let draining: Promise<Error | undefined> | undefined

  /** Ends this object once, whatever ends it: serialport reports some ends twice and others never. */
  const finish = async (cause?: string) => {
    if (signal.aborted) return
    ending.abort()
    // Output that the target does not take would delay the close by the driver's closing_wait, 30 s.
    if (port.isOpen) await settled(done => port.flush(done))
    // Some drivers go on with a BREAK that was not taken back.
    if (port.isOpen && inBreak) await set(false).catch(() => {})
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
  if (flowControl !== 'none') {
    void watchFlow(
      {
        bytesWritten: () => bytesWritten,
        clearToSend: async () => (flowControl === 'rts-cts' && !ignoresCts ? await clearToSend() : undefined),
        // A separate program waits: in this process it would occupy one of the four threads that all lines and files
        // share.
        onWire: signal => spawn('stty', ['-F', path, '-hupcl'], { signal }),
      },
      { clock: systemClock, signal, heldMs: heldAfterMs(console, DRIVER_BYTES), onHeld: held => events.onHeld(held) },
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
    return now?.rdev === opened && (await succeeds(() => port.port?.getBaudRate()))
  }

  /** A pty has no modem lines. */
  async function clearToSend(): Promise<boolean | undefined> {
    return new Promise(resolve => port.get((err, status) => resolve(err ? undefined : status?.cts)))
  }

  function needOpen(): void {
    if (signal.aborted || !port.isOpen) throw new UserError(`${path} is closed`)
  }

  async function set(brk: boolean): Promise<void> {
    // Each set() writes the modem lines too. The kernel raises both at open and nothing here lowers them: leave both
    // up.
    const failure = await settled(done => port.set({ brk, dtr: true, rts: true }, done))
    if (!failure) return
    // The binding does TIOCSBRK first and TIOCMSET after it. A line that is alive and has no modem lines to read (a
    // pty: ENOTTY) failed at the second; any other failed at the first.
    const hasModemLines = (await settled(done => port.get(done))) === undefined
    if (!hasModemLines && (await isAlive())) return
    throw new UserError(`the adapter did not send the BREAK (${failure.message})`, undefined, { cause: failure })
  }

  return {
    // Not serialport's write: what that has taken cannot be discarded, and would be sent after the BREAK that discards
    // it.
    write: bytes => {
      needOpen()
      try {
        const taken = writeSync(port.port?.fd as number, bytes)
        bytesWritten += taken
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
      await stty(path, ['-drain', '-ixon', '-crtscts'])
      if (flowControl === 'xon-xoff') await stty(path, ['-drain', 'ixon'])
      ignoresCts = true
    },
    setBreak: async on => {
      needOpen()
      // TIOCSBRK waits in one of four worker threads, without a bound, until the kernel's buffer is empty (tty_ioctl in
      // tty_io.c). While flow control holds the line it never is, so what the target does not take is flushed.
      const makeRoom = setInterval(() => port.isOpen && port.flush(() => {}), UNSTALL_MS)
      inBreak = inBreak || on
      try {
        await set(on)
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

async function succeeds(attempt: () => unknown): Promise<boolean> {
  try {
    await attempt()
    return true
  } catch {
    return false
  }
}
