/** A name server that knows no name: what a network answers that lets nobody out. Without any, a board asks without end. */
import { createSocket } from 'node:dgram'

const PORT = 53
/** Flags of an answer: a response, by recursion, and the name does not exist (RFC 1035, 4.1.1). */
const NO_SUCH_NAME = 0x8183

/** @returns how it is stopped */
export async function startNameServer(address: string): Promise<() => void> {
  const socket = createSocket('udp4')
  socket.on('message', (question, { port, address: asker }) => {
    if (question.length < 12) return
    const answer = Buffer.from(question)
    answer.writeUInt16BE(NO_SUCH_NAME, 2)
    socket.send(answer, port, asker)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(PORT, address, resolve)
  })
  return () => socket.close()
}
