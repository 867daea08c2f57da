/** What HAProxy, and TLS within it, cost a keystroke of the tunnel, and a login: beside sshd itself, in turns. */
import type { Duplex } from 'node:stream'
import { startHaproxyRelay } from '../../relay-config/testing/haproxy-relay.ts'
import { systemClock as clock } from '../../runtime/clock.ts'
import { connect } from '../../supervisor/ssh/connect.ts'
import type { Connection } from '../../supervisor/ssh/connection.ts'
import { reachRelay } from '../../supervisor/tunnel/reach-relay.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { createDialler } from '../../transport/dial.ts'
import type { Rung } from '../../transport/way.ts'
import { median, quantile, table } from './figures.ts'
import { typeInto } from './uplink.ts'

const TURNS = 5
const LOGINS = 15

export async function tlsBench(context: TestContext): Promise<string> {
  const { port, sshd, key } = await startHaproxyRelay(context)
  const { dial } = createDialler()
  const logIn = async (rung: Rung, at: number): Promise<Connection> => {
    const relay = { host: '127.0.0.1', port: at, user: sshd.user, hostKeys: [sshd.hostKey.publicKey] }
    const reached = await reachRelay({
      ...{ relay, credentials: { privateKey: key.privateKey }, dial, connect, clock, via: { rung } },
      ...{ synMs: 30_000, greetMs: 30_000, stepMs: 60_000, signal: context.signal },
    })
    if (!reached.ok) throw new Error(`no login: ${reached.failure.cause}`)
    context.cleanup(async () => reached.connection.destroy())
    return reached.connection
  }
  const ways: [string, Rung, number][] = [
    ['sshd itself', 'direct', sshd.port],
    ['through HAProxy', 'direct', port],
    ['through HAProxy, within TLS', 'tls', port],
  ]
  const keys = ways.map(() => [] as number[])
  const logins = ways.map(() => [] as number[])
  const streams: Duplex[] = []
  for (const [, rung, at] of ways) streams.push(await startCat(await logIn(rung, at), context))
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [at, stream] of streams.entries()) keys[at]?.push(...(await typeInto(stream)))
  }
  for (let turn = 0; turn < LOGINS; turn++) {
    for (const [at, [, rung, port]] of ways.entries()) {
      const startedMs = performance.now()
      const connection = await logIn(rung, port)
      logins[at]?.push(performance.now() - startedMs)
      connection.destroy()
    }
  }
  const ratio = (samples: number[][], at: number) =>
    `${(median(samples[at] ?? []) / median(samples[0] ?? [])).toFixed(2)}x`
  return table([
    ['', 'key, median', '95 %', 'to sshd', 'login, median', 'to sshd'],
    ...ways.map(([name], at) => [
      name,
      ...[median(keys[at] ?? []), quantile(keys[at] ?? [], 0.95)].map(ms => ms.toFixed(2)),
      ratio(keys, at),
      median(logins[at] ?? []).toFixed(0),
      ratio(logins, at),
    ]),
  ])
}

async function startCat(connection: Connection, { signal }: TestContext): Promise<Duplex> {
  const started = await connection.exec('cat', signal)
  if (!started.ok) throw new Error(`no cat: ${started.cause}`)
  return started.value.stream
}
