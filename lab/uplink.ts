/** A device's line to the relay: a forwarder that can be cut as a cable is. Then no packet is answered, and no end is told. */
import { connect, type Socket } from 'node:net'
import { settled } from '../runtime/waiting.ts'
import { signalProcess } from '../testbed/sshd.ts'

/** Milliseconds for a connection over the loopback: one that comes about does so at once. */
const CONNECT_MS = 300
/** More than the kernel keeps for a forwarder that accepts none. */
const WAITING_MAX = 8

/** The command of a forwarder from one port of 127.0.0.1 to another. */
export function uplinkCommand(from: number, to: number): string[] {
  return ['socat', `TCP-LISTEN:${from},bind=127.0.0.1,reuseaddr,fork,backlog=1`, `TCP:127.0.0.1:${to}`]
}

/**
 * Stops the forwarder, and takes the places of those who wait: who connects next gets no answer.
 * @param pid of the forwarder, which leads its process group
 * @returns what mends it
 */
export async function cutUplink(pid: number, port: number): Promise<() => void> {
  signalProcess(-pid, 'SIGSTOP')
  const waiting: Socket[] = []
  for (let isOpen = true; isOpen && waiting.length < WAITING_MAX; ) {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => {})
    waiting.push(socket)
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(), CONNECT_MS)
    isOpen = await settled(over.signal, false, settle => socket.once('connect', () => settle(true)))
    clearTimeout(timer)
  }
  return () => {
    for (const socket of waiting) socket.destroy()
    signalProcess(-pid, 'SIGCONT')
  }
}
