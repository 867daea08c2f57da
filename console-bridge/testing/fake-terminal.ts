/** A technician's terminal in memory that records what it shows. */
import type { Terminal } from '../session/terminal.ts'

export interface FakeTerminal extends Terminal {
  /** What the target said. */
  out: string
  /** What the bridge said. */
  notes: string
  /** Whether what is typed is read. */
  reads: boolean
  /** Each write of the target's output waits for this. */
  ready: Promise<void>
  /** The technician is gone. */
  leave(): void
}

export function fakeTerminal({ interactive = true } = {}): FakeTerminal {
  const gone = new AbortController()
  const terminal: FakeTerminal = {
    interactive,
    size: interactive ? { columns: 80, rows: 24 } : undefined,
    out: '',
    notes: '',
    reads: true,
    ready: Promise.resolve(),
    leave: () => gone.abort(),
    gone: gone.signal,
    write: async bytes => {
      await terminal.ready
      terminal.out += bytes.toString('latin1')
    },
    note: async text => {
      terminal.notes += text
    },
    roundTrip: async () => {},
    pause: () => {
      terminal.reads = false
    },
    resume: () => {
      terminal.reads = true
    },
  }
  return terminal
}
