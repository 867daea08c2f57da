/** The socket at which `oobm say` asks: who connects while it speaks is answered with what is spoken next. */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { SpeechAnswer } from '../../formats/speech-request.ts'

/** Everybody on the device may ask, and what they ask for is all the same. */
const SOCKET_MODE = 0o666
const CONNECTIONS_MAX = 8

export interface Requests {
  /** Those who wait. */
  readonly count: number
  answer(answer: SpeechAnswer): void
  close(): Promise<void>
}

/** @throws a system error of listening */
export async function serveRequests(path: string, wake: () => void): Promise<Requests> {
  const waiting = new Set<Socket>()
  const server = createServer(socket => {
    waiting.add(socket)
    socket.on('error', () => {})
    // Nothing is read from it: it is a request by being there.
    socket.on('close', () => waiting.delete(socket))
    socket.resume()
    wake()
  })
  server.maxConnections = CONNECTIONS_MAX
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  await chmod(path, SOCKET_MODE)
  return {
    get count() {
      return waiting.size
    },
    answer: answer => {
      for (const socket of waiting) socket.end(`${JSON.stringify(answer)}\n`)
      waiting.clear()
    },
    close: async () => {
      for (const socket of waiting) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
