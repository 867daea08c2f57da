/** A line behind a device file: the one place that knows what serialport really does. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import spawn from 'nano-spawn'
import { SerialPort } from 'serialport'
import { systemClock } from '../../runtime/clock.ts'
import type { ConsoleConfig } from '../../runtime/device-config.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import type { Line, LineEvents } from './line.ts'

/** Milliseconds between two looks at whether the device file is still the one that was opened. */
const LOOK_MS = 2_000
/** Milliseconds that `stty` may take: it waits for nothing, unless the driver hangs. */
const STTY_MS = 5_000
/** Milliseconds after which a BREAK that the kernel holds back makes room for itself. */
const UNSTALL_MS = 250

type Port = SerialPort & { port?: { getBaudRate(): Promise<unknown> } }

/**
 * Opens a serial device.
 * @throws UserError that says what to do: not plugged in, not permitted, held by another program
 */
export async function openSerialLine(console: ConsoleConfig, events: LineEvents): Promise<Line> {
  const { path } = console
  const opened = await checkDevice(path)
  await keepModemLinesAtClose(path)
  const port = await openPort(console)
  return watchLine(path, opened, port, events)
}

/** serialport's errors carry no code, so the usual causes are found out before it is asked. */
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
        throw new UserError(`${path} is not there: the adapter is not plugged in, or has another name`, undefined, {
          cause: err,
        })
      case 'EACCES':
        throw new UserError(
          `no permission for ${path}: its user must be in the group that owns it (dialout)`,
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
 * Closing a port with HUPCL drops DTR, and that resets some equipment. serialport's `hupcl: false` does not clear it.
 * A device that `stty` cannot set is tried all the same: opening it gives the better message.
 */
async function keepModemLinesAtClose(path: string): Promise<void> {
  await spawn('stty', ['-F', path, '-hupcl'], { timeout: STTY_MS }).catch(() => {})
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
    const words = `${path} cannot be opened: another program holds it (sudo fuser -v ${path} shows which), or it does not take ${baudRate} baud`
    throw new UserError(`${words} (${errorMessage(err)})`, undefined, { cause: err })
  })
  return port
}

function watchLine(path: string, opened: number, port: Port, events: LineEvents): Line {
  const ending = new AbortController()
  const { signal } = ending
  let inBreak = false

  /** Ends this object once, whatever ends it; serialport tells some ends twice and others never. */
  const finish = async (cause?: string) => {
    if (signal.aborted) return
    ending.abort()
    // Output that the target does not take would hold the close for the driver's closing_wait, 30 s.
    if (port.isOpen) await settled(done => port.flush(done))
    // A driver may go on with a BREAK that nobody took back.
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

  /** A hang-up between two reads is never reported by serialport (it reads on, for ever): so look. */
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

  async function set(brk: boolean): Promise<void> {
    // Each set() writes the modem lines too. Nothing here lowers them after the kernel raised them at open, so
    // "as they are" is: both up.
    const failure = await settled(done => port.set({ brk, dtr: true, rts: true }, done))
    if (!failure) return
    // The binding does TIOCSBRK first and TIOCMSET after it. A line that is alive and has no modem lines to read (a
    // pty: ENOTTY) failed at the second; any other failed at the first.
    const hasModemLines = (await settled(done => port.get(done))) === undefined
    if (!hasModemLines && (await isAlive())) return
    throw new UserError(`the adapter did not take the BREAK (${failure.message})`, undefined, { cause: failure })
  }

  return {
    write: bytes =>
      new Promise((resolve, reject) => {
        // serialport would keep what is written while closed and send it after the next opening.
        if (signal.aborted || !port.isOpen) reject(new UserError(`${path} is closed`))
        else port.write(bytes, err => (err ? reject(err) : resolve()))
      }),
    drain: async () => {
      if (signal.aborted || !port.isOpen) throw new UserError(`${path} is closed`)
      const failure = await settled(done => port.drain(done))
      if (failure) throw failure
    },
    setBreak: async on => {
      if (signal.aborted || !port.isOpen) throw new UserError(`${path} is closed`)
      // TIOCSBRK waits, without a bound and in one of four worker threads, until the kernel's buffer is empty
      // (tty_ioctl in tty_io.c). Behind flow control it never is: what the target does not take goes.
      const makeRoom = setInterval(() => port.isOpen && port.flush(() => {}), UNSTALL_MS)
      inBreak = inBreak || on
      try {
        await set(on)
        inBreak = on
      } finally {
        clearInterval(makeRoom)
      }
    },
    close: () => finish(),
  }
}

/** Waits for a callback; gives its error back. */
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
