/** A process in a pseudo-terminal: the one home of node-pty, which is loaded when the first terminal is opened. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { IPty } from '@lydell/node-pty'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import { reasonOf } from '../../../../runtime/unexpected.ts'

export interface PtySize {
  cols: number
  rows: number
}

/** `onData` gives bytes: encoding is null. */
export type Pty = Pick<IPty, 'pid' | 'resize' | 'pause' | 'resume' | 'kill' | 'onExit'> & {
  write(data: Buffer): void
  onData(listener: (data: Buffer) => void): unknown
}

/**
 * @param folder beside whose node_modules the package is
 * @throws UserError where there is none for this system
 */
export function startInPty(folder: string, program: string, args: readonly string[], size: PtySize): Pty {
  const env = { ...process.env, TERM: 'xterm-256color' }
  try {
    const { spawn } = createRequire(join(folder, 'index.js'))('@lydell/node-pty') as typeof import('@lydell/node-pty')
    return spawn(program, [...args], { name: 'xterm-256color', ...size, env, encoding: null }) as unknown as Pty
  } catch (err) {
    const system = `${process.platform}-${process.arch}`
    throw new UserError(`no terminal can be opened on this system (${system}): ${reasonOf(err)}`, EXIT.unavailable)
  }
}
