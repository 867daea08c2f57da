/** QEMU's machine protocol (docs/interop/qmp-spec): one JSON object a line, an answer for each command. */
import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { waitFor } from '../../testbed/wait-for.ts'

export interface Qmp {
  /** @throws Error with what QEMU said, or when QEMU ends before it answers */
  execute(command: string, args?: object): Promise<unknown>
  /** A line of the human monitor, and what it prints. */
  monitor(line: string): Promise<string>
  close(): void
}

/** @param path the socket that QEMU was started with, which may not be there yet */
export async function connectQmp(path: string, isGone: () => boolean): Promise<Qmp> {
  const socket = await waitFor('QEMU to open its control socket', async () => {
    if (isGone()) throw new Error('QEMU ended at once')
    return tryConnect(path)
  })
  const waiting: { resolve(value: unknown): void; reject(err: Error): void }[] = []
  socket.on('error', () => {})
  socket.once('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('QEMU ended'))
  })
  const lines = createInterface({ input: socket })
  // readline passes the socket's errors on as its own; what they mean is told when it closes.
  lines.on('error', () => {})
  lines.on('line', line => {
    const message = JSON.parse(line)
    if ('return' in message) waiting.shift()?.resolve(message.return)
    else if ('error' in message) waiting.shift()?.reject(new Error(`QEMU: ${message.error.desc}`))
  })
  const execute: Qmp['execute'] = (command, args = {}) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error('QEMU ended'))
      waiting.push({ resolve, reject })
      socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    })
  await execute('qmp_capabilities')
  return {
    execute,
    monitor: async line => String(await execute('human-monitor-command', { 'command-line': line })),
    close: () => socket.destroy(),
  }
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = createConnection(path)
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => resolve(socket))
  })
}
