/** The size of an SSH session's pty, and its changes (RFC 4254 sections 6.2 and 6.7). */
import type { Session } from 'ssh2'
import { type TerminalSize, terminalSize } from '../console/terminal-size.ts'

export interface PtySize {
  /** Undefined without a pty, and where it does not know. */
  now: TerminalSize | undefined
  onChange(size: TerminalSize): void
}

/** Must be called when the session is accepted. */
export function ptySizeOf(session: Session): PtySize {
  const size: PtySize = { now: undefined, onChange: () => {} }
  session.on('pty', (_accept, _reject, { cols, rows }) => {
    size.now = terminalSize(cols, rows)
  })
  session.on('window-change', (_accept, _reject, { cols, rows }) => {
    const after = terminalSize(cols, rows)
    if (!after) return
    size.now = after
    size.onChange(after)
  })
  return size
}
