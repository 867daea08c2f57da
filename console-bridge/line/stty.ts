/** stty(1), for what serialport cannot do: framing and flow control of an open line, HUPCL, a drain that can be ended. */
import spawn from 'nano-spawn'
import type { LineSettings } from './line.ts'

/** Milliseconds that `stty` may take: it waits only where the driver hangs. */
const STTY_MS = 5_000
/** stty(1) waits for what flow control holds (TCSADRAIN, termios(3)); with this it does not. */
const AT_ONCE = '-drain'

/**
 * Closing a port with HUPCL drops DTR, which resets some equipment. serialport's `hupcl: false` does not clear it.
 * A failure is ignored: opening the device then gives the better message.
 */
export async function keepModemLinesAtClose(path: string): Promise<void> {
  await spawn('stty', ['-F', path, AT_ONCE, '-hupcl'], { timeout: STTY_MS }).catch(() => {})
}

/**
 * Changes settings of an open line.
 * @throws when `stty` could not change all of them
 */
export async function stty(fd: number, settings: string[]): Promise<void> {
  await onDescriptor(fd, [AT_ONCE, ...settings], { timeout: STTY_MS })
}

/** Settles when everything written is on the wire, or when aborted. */
export async function drained(fd: number, signal: AbortSignal): Promise<void> {
  await onDescriptor(fd, ['-hupcl'], { signal })
}

/**
 * Each open of a serial device raises DTR and RTS (tty_port_block_til_ready in tty_port.c), also where somebody lowered
 * them: so `stty` gets the open descriptor. As number 3: a descriptor below 3 is made blocking by libuv, for this
 * process too.
 */
async function onDescriptor(
  fd: number,
  args: string[],
  limit: { timeout: number } | { signal: AbortSignal },
): Promise<void> {
  await spawn('sh', ['-c', 'exec stty "$@" <&3', 'sh', ...args], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    env: { LC_ALL: 'C' },
    ...limit,
  })
}

const PARITY = {
  none: ['-parenb', '-cmspar'],
  even: ['parenb', '-parodd', '-cmspar'],
  odd: ['parenb', 'parodd', '-cmspar'],
} satisfies Record<LineSettings['parity'], string[]>

const FLOW = {
  none: ['-crtscts', '-ixon', '-ixoff'],
  'rts-cts': ['crtscts', '-ixon', '-ixoff'],
  'xon-xoff': ['-crtscts', 'ixon', 'ixoff'],
} satisfies Record<LineSettings['flowControl'], string[]>

/** All but the speed: `stty` does not know each speed that an adapter has. */
export function framingArgs({ dataBits, parity, stopBits, flowControl }: Omit<LineSettings, 'baudRate'>): string[] {
  return [`cs${dataBits}`, ...PARITY[parity], stopBits === 2 ? 'cstopb' : '-cstopb', ...FLOW[flowControl]]
}
