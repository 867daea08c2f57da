/** A command at a console that takes its time: what it says as it comes, its input, and how it ended. */

import type { RunQuestion } from '../commands/console-questions.ts'
import { INPUT_WINDOW_BYTES, type RunTell } from '../commands/run-messages.ts'
import { openSocket } from './talk.ts'

export interface RunEnd {
  /** That of ssh; null where there is none. */
  code: number | null
  /** Why it was not begun, or was given up. */
  problem: string | undefined
}

export interface Run {
  ended: Promise<RunEnd>
  /** For its standard input, once it runs. */
  type(text: string): void
  /** Its standard input: all of this. @param onTaken gets the bytes that are gone, of all */
  give(file: Blob, onTaken: (bytes: number) => void): void
  /** Ends it. */
  stop(): void
}

/** Bytes of a message, and those that may be on the way. */
const PIECE_BYTES = 65_536
const AHEAD_BYTES = INPUT_WINDOW_BYTES / 2

export function runCommand(
  question: RunQuestion,
  { onSaid, gone }: { onSaid(text: string, isProblem: boolean): void; gone: string },
): Run {
  const socket = openSocket('/run')
  const opened = new Promise<void>(resolve =>
    socket.addEventListener('open', () => {
      // Before its input.
      socket.send(JSON.stringify(question))
      resolve()
    }),
  )
  let onTaken = (_bytes: number) => {}
  let settle: (end: RunEnd) => void = () => {}
  const ended = new Promise<RunEnd>(resolve => {
    settle = resolve
  })
  socket.addEventListener('message', event => {
    const told = JSON.parse(String(event.data)) as RunTell
    if (told.type === 'said') onSaid(told.text, told.isProblem)
    else if (told.type === 'taken') onTaken(told.bytes)
    else settle(told.type === 'exit' ? { code: told.code, problem: undefined } : { code: null, problem: told.text })
  })
  socket.addEventListener('close', () => settle({ code: null, problem: gone }))
  const stop = () => socket.close()
  return {
    ended,
    stop,
    type: text => void opened.then(() => socket.send(new TextEncoder().encode(text))),
    give: (file, told) => {
      let taken = 0
      let given = 0
      let isReading = false
      const pump = async () => {
        if (isReading) return
        isReading = true
        while (given < file.size && given - taken < AHEAD_BYTES && socket.readyState === WebSocket.OPEN) {
          const piece = await file.slice(given, given + PIECE_BYTES).arrayBuffer()
          given += piece.byteLength
          socket.send(piece)
        }
        isReading = false
      }
      const next = () =>
        void pump().catch((err: Error) => {
          settle({ code: null, problem: `${err.message}` })
          stop()
        })
      onTaken = bytes => {
        taken += bytes
        told(taken)
        next()
      }
      void opened.then(next)
    },
  }
}
