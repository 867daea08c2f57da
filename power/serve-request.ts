/** One connection at the socket: one request, what is done, and the outcome. */
import type { Socket } from 'node:net'
import { Lines, readLine } from '../formats/ask-power.ts'
import { type PowerRequest, type PowerTell, powerRequestSchema } from '../formats/power-protocol.ts'
import { errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { OVER, settled, within } from '../runtime/waiting.ts'
import type { Switchboard } from './switching/switchboard.ts'

/** Milliseconds for a request to come. */
const REQUEST_MS = 10_000

export async function serveRequest(
  socket: Socket,
  board: Switchboard,
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  socket.on('error', () => {})
  socket.on('close', () => gone.abort(OVER))
  const tell = (message: PowerTell) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
  }
  try {
    const read = await within(REQUEST_MS, [gone.signal, stopping], signal => requestOf(socket, signal))
    if (read.kind !== 'done') return
    if (read.value === undefined)
      return tell({
        tell: 'over',
        result: 'refused',
        cause: 'nothing was switched: this is no request of the protocol',
        outlets: [],
      })
    const outcome = await board.run(
      read.value,
      (text, powered) => tell({ tell: 'step', text, ...(powered && { powered }) }),
      gone.signal,
    )
    tell({ tell: 'over', ...outcome })
  } catch (err) {
    log.error({ err }, 'request failed')
    tell({ tell: 'over', result: 'failed', cause: errorMessage(err), outlets: [] })
  } finally {
    socket.end()
  }
}

function requestOf(socket: Socket, signal: AbortSignal): Promise<PowerRequest | undefined> {
  return settled<PowerRequest | undefined>(signal, undefined, settle => {
    const lines = new Lines()
    socket.on('data', bytes => {
      const [line] = lines.feed(bytes)
      if (line !== undefined) settle(readLine(line, powerRequestSchema))
      else if (lines.isTooLong) settle(undefined)
    })
  })
}
