/** Simulates a serial port and the equipment behind it with a pty. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Program, startProgram } from './run-program.ts'
import { waitFor } from './wait-for.ts'

export interface PtyTarget {
  /** The device file that the bridge opens. */
  readonly path: string
  says(text: string): void
  /** Everything that it received since it was last plugged in. */
  heard(): string
  hears(pattern: RegExp): Promise<unknown>
  /** Gets each chunk that it receives, until it is unplugged. */
  onHeard(listener: (text: string) => void): void
  /** Stops reading from the line, or reads on. */
  stall(on: boolean): void
  unplug(): Promise<void>
  plug(): Promise<void>
}

export async function ptyTarget(
  context: { cleanup(dispose: () => unknown): void },
  directory: string,
  name = 'tty',
): Promise<PtyTarget> {
  const path = join(directory, name)
  let socat: Program | undefined
  let held: FileHandle | undefined

  async function plug(): Promise<void> {
    socat = startProgram('socat', [`PTY,link=${path},raw,echo=0`, 'STDIO'])
    // Held open, because socat takes the first close for the end, and stty closes it.
    held = await waitFor(`the pty ${path}`, () =>
      open(path, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined),
    )
  }
  async function unplug(): Promise<void> {
    await socat?.stop()
    await held?.close()
    socat = held = undefined
  }

  context.cleanup(unplug)
  await plug()
  return {
    path,
    plug,
    unplug,
    says: text => void socat?.child.stdin?.write(text),
    stall: on => void socat?.child.kill(on ? 'SIGSTOP' : 'SIGCONT'),
    heard: () => socat?.output() ?? '',
    onHeard: listener =>
      void socat?.child.stdout?.on('data', (bytes: Buffer | string) => listener(bytes.toString('latin1'))),
    hears: pattern => (socat as Program).says(pattern),
  }
}
