/** One terminal of the page: `ssh` in a pseudo-terminal, for as long as the page's WebSocket is open. */
import type { WebSocket } from 'ws'
import { UserError } from '../../../../runtime/errors.ts'
import type { Pty, PtySize } from './pty.ts'
import { parseTerminalAsk, type TerminalAsk, type TerminalTell, WINDOW_BYTES } from './terminal-messages.ts'

export type Opening = Extract<TerminalAsk, { type: 'open' }>

export interface TerminalsOptions {
  /** @throws UserError for what this person may not open */
  start(opening: Opening, size: PtySize): Pty
  signal: AbortSignal
}

/** Terminals of one desk: a page that opens them without end meets this first. */
const TERMINALS_MAX = 64
/** Milliseconds after which an ssh that does not end at a hangup is killed. */
const HANGUP_MS = 1_500

export interface Terminals {
  serve(socket: WebSocket): void
  /** Resolves when none is left. The signal has them hang up. */
  ended(): Promise<void>
}

export function createTerminals({ start, signal }: TerminalsOptions): Terminals {
  const running = new Map<Pty, Promise<void>>()
  const open = (socket: WebSocket, opening: Opening): Pty | undefined => {
    const fail = (text: string) => {
      tell(socket, { type: 'problem', text })
      socket.close()
    }
    if (signal.aborted) return void fail('the desk ends')
    if (running.size >= TERMINALS_MAX) return void fail(`${TERMINALS_MAX} terminals are open: close some`)
    try {
      const pty = start(opening, { cols: opening.cols, rows: opening.rows })
      running.set(
        pty,
        follow(pty, socket, signal).finally(() => running.delete(pty)),
      )
      return pty
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      return void fail(err.message)
    }
  }
  return {
    serve: socket => {
      let pty: Pty | undefined
      socket.on('message', (data: Buffer, isBinary) => {
        const alive = pty !== undefined && running.has(pty) ? pty : undefined
        if (isBinary) return void alive?.write(data)
        const asked = parseTerminalAsk(data.toString())
        if (asked?.type === 'open' && pty === undefined) pty = open(socket, asked)
        else if (asked?.type === 'size') alive?.resize(asked.cols, asked.rows)
      })
    },
    ended: async () => void (await Promise.all(running.values())),
  }
}

/** Until ssh has ended: by itself, or because nobody looks any more. */
function follow(pty: Pty, socket: WebSocket, signal: AbortSignal): Promise<void> {
  let unseen = 0
  let isPaused = false
  let kill: NodeJS.Timeout | undefined
  pty.onData(data => {
    unseen += data.length
    socket.send(data)
    if (unseen <= WINDOW_BYTES || isPaused) return
    isPaused = true
    pty.pause()
  })
  socket.on('message', (data: Buffer, isBinary) => {
    const asked = isBinary ? undefined : parseTerminalAsk(data.toString())
    if (asked?.type !== 'shown') return
    unseen = Math.max(0, unseen - asked.bytes)
    if (unseen > WINDOW_BYTES / 2 || !isPaused) return
    isPaused = false
    pty.resume()
  })
  const hangUp = () => {
    if (kill !== undefined) return
    // What is not read keeps ssh from its end.
    pty.resume()
    pty.kill('SIGHUP')
    kill = setTimeout(() => pty.kill('SIGKILL'), HANGUP_MS)
  }
  socket.once('close', hangUp)
  signal.addEventListener('abort', hangUp)
  return new Promise(resolve => {
    pty.onExit(({ exitCode, signal: by }) => {
      clearTimeout(kill)
      socket.off('close', hangUp)
      signal.removeEventListener('abort', hangUp)
      tell(socket, { type: 'exit', code: by ? null : exitCode })
      socket.close()
      resolve()
    })
  })
}

function tell(socket: WebSocket, message: TerminalTell): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
}
