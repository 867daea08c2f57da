/** What socat between the supervisor and its relay costs a keystroke, beside node:net: `cat` at a real sshd, in turns. */
import { userInfo } from 'node:os'
import type { Duplex } from 'node:stream'
import { connect } from '../../supervisor/ssh/connect.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import type { OpenStream } from '../../transport/open-stream.ts'
import { openOver } from '../../transport/socat-stream.ts'
import { openTcpStream } from '../../transport/tcp-stream.ts'
import { median, quantile, table } from './figures.ts'

const TURNS = 5
const KEYS = 300

export async function uplinkBench(context: TestContext): Promise<string> {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'key')
  const sshd = await startSshd({ directory: `${directory}/sshd`, authorizedKeys: [`${key.path}.pub`] })
  context.cleanup(() => sshd.stop())
  // The loopback is an interface, too.
  const ways: [string, OpenStream][] = [
    ['node:net', openTcpStream],
    ['socat', openOver('lo')],
  ]
  const streams = new Map<string, Duplex>()
  for (const [name, open] of ways) streams.set(name, await startCat(context, sshd, key.privateKey, open))
  const samples = new Map<string, number[]>(ways.map(([name]) => [name, []]))
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, stream] of streams) samples.get(name)?.push(...(await typeInto(stream)))
  }
  const rows = [...samples].map(([name, ms]) => [name, median(ms).toFixed(2), quantile(ms, 0.95).toFixed(2)])
  const [plain = [], bound = []] = [...samples.values()]
  return `${table([['', 'median ms', '95 % ms'], ...rows])}\nsocat to node:net: ${(median(bound) / median(plain)).toFixed(2)}x`
}

async function startCat(context: TestContext, sshd: Sshd, privateKey: string, open: OpenStream): Promise<Duplex> {
  const opened = await open({ address: '127.0.0.1', port: sshd.port, signal: context.signal })
  if (!opened.ok) throw new Error(`no connection: ${opened.fault.kind}`)
  const made = await connect({
    ...{ stream: opened.stream, user: userInfo().username, credentials: { privateKey } },
    ...{ hostKeys: [sshd.hostKey.publicKey], nowMs: () => performance.now(), signal: context.signal },
  })
  if (!made.ok) throw new Error(`no login: ${made.fault.detail}`)
  context.cleanup(async () => made.connection.destroy())
  const started = await made.connection.exec('cat', context.signal)
  if (!started.ok) throw new Error(`no cat: ${started.cause}`)
  return started.value.stream
}

/** @returns milliseconds of each key, from its way out to its echo */
export async function typeInto(stream: Duplex): Promise<number[]> {
  const took: number[] = []
  for (let key = 0; key < KEYS; key++) {
    const startedMs = performance.now()
    const echoed = new Promise(resolve => stream.once('data', resolve))
    stream.write('x')
    await echoed
    took.push(performance.now() - startedMs)
  }
  return took
}
