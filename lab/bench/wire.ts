/** Counts the bytes between a device and its relay with a proxy: TCP payload, in both directions. */
import { connect, createServer } from 'node:net'
import { ask, type Supervisor, startField } from '../../supervisor/testing/field.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { median } from './figures.ts'

export interface WireFigures {
  keepaliveBytes: number
  /** Probes of both listeners, and the question whether another device has this identity. */
  probeBytes: number
  selftestBytes: number
}

const NEVER_S = 3_600
const SELFTESTS = 20
/** Of several windows the median counts: what follows a start, such as the second proof, falls into one of them. */
const WINDOWS = 5
const WINDOW_MS = 4_000

export async function measureWire(context: TestContext): Promise<WireFigures> {
  const keepaliveBytes = await bytesAnInterval(context, { keepaliveS: 1, probeS: NEVER_S })
  const probeBytes = await bytesAnInterval(context, { keepaliveS: NEVER_S, probeS: 1 })
  const { device, counter } = await startCounted(context, { keepaliveS: NEVER_S, probeS: NEVER_S })
  const before = counter.bytes
  for (let i = 0; i < SELFTESTS; i++) await testNow(device)
  const selftestBytes = (counter.bytes - before) / SELFTESTS
  await device.program.stop()
  return { keepaliveBytes, probeBytes, selftestBytes }
}

async function bytesAnInterval(
  context: TestContext,
  intervals: { keepaliveS: number; probeS: number },
): Promise<number> {
  const { device, counter } = await startCounted(context, intervals)
  const windows: number[] = []
  for (let i = 0; i < WINDOWS; i++) {
    const before = counter.bytes
    await new Promise(resolve => setTimeout(resolve, WINDOW_MS))
    windows.push(counter.bytes - before)
  }
  await device.program.stop()
  return median(windows) / (WINDOW_MS / 1000)
}

async function startCounted(context: TestContext, { keepaliveS, probeS }: { keepaliveS: number; probeS: number }) {
  const field = await startField(context)
  const counter = await countingProxy(context, field.relay.port)
  const relays = field.config().relays.map(relay => ({ ...relay, port: counter.port }))
  const device = await field.supervisor('a', {
    config: { relays, intervals: { keepaliveS, probeS, selftestS: NEVER_S } },
  })
  await device.becomes('ready')
  return { device, counter }
}

async function countingProxy(context: TestContext, target: number) {
  const counter = { bytes: 0, port: 0 }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    const onward = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true, noDelay: true })
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('data', bytes => {
        counter.bytes += bytes.length
      })
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => server.close())
  counter.port = (server.address() as { port: number }).port
  return counter
}

async function testNow(device: Supervisor): Promise<void> {
  const before = (await device.status())?.proof.attempt?.at
  await ask(device, 'test')
  await waitFor('the self-test', async () => (await device.status())?.proof.attempt?.at !== before)
}
