/** Finds free TCP ports on 127.0.0.1 for programs that are started a moment later. */
import { createServer } from 'node:net'

/**
 * Below the range from which the kernel takes ports for outgoing connections (32768 and up): a free port of that range
 * may belong to such a connection by the time the program binds it.
 */
const LOWEST = 12_000
const HIGHEST = 31_998

/** `count` different free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

export async function freePort(): Promise<number> {
  return findFree(1)
}

/** A free port whose successor is free too: the two listeners of a device. */
export async function freePortPair(): Promise<number> {
  return findFree(2)
}

/** `count` such pairs, none of which overlaps another. */
export async function freePortPairs(count: number): Promise<number[]> {
  const pairs: number[] = []
  while (pairs.length < count) {
    const port = await freePortPair()
    if (pairs.every(other => Math.abs(other - port) > 1)) pairs.push(port)
  }
  return pairs
}

async function findFree(neighbours: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    const free = await Promise.all(Array.from({ length: neighbours }, (_, i) => isFree(port + i)))
    if (free.every(Boolean)) return port
  }
  throw new Error(`no port between ${LOWEST} and ${HIGHEST} is free on 127.0.0.1`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  await new Promise(resolve => server.close(resolve))
  return free
}
