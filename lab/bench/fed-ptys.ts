/** Ptys in the place of serial ports, with equipment behind them that talks when told. */
import { join } from 'node:path'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'

export interface FedPtys {
  readonly paths: string[]
  /** Sends at 115200 baud on the first `count` for so long; resolves with the bytes that they took in all. */
  feed(count: number, seconds: number): Promise<number>
  /** Sends so many bytes on each of the first `count`, as fast as they are read. */
  burst(count: number, bytes: number): Promise<number>
}

/** Milliseconds beyond the time for which it sends. */
const PATIENCE_MS = 60_000

export async function fedPtys(context: TestContext, count: number): Promise<FedPtys> {
  const folder = await scratchDirectory(context)
  const feeder = startProgram('python3', [join(import.meta.dirname, 'feed-ptys.py'), folder, String(count)])
  context.cleanup(() => feeder.stop())
  await feeder.says(/^ready$/m)
  let answers = 0
  const ask = async (command: string, timeoutMs: number) => {
    feeder.child.stdin?.write(`${command}\n`)
    answers++
    const [, bytes] = await feeder.says(new RegExp(`^(?:fed \\d+\\n){${answers - 1}}fed (\\d+)\\n`, 'm'), timeoutMs)
    return Number(bytes)
  }
  return {
    paths: Array.from({ length: count }, (_, number) => join(folder, `tty${number}`)),
    feed: (first, seconds) => ask(`feed ${first} ${seconds}`, seconds * 1000 + PATIENCE_MS),
    burst: (first, bytes) => ask(`burst ${first} ${bytes}`, PATIENCE_MS),
  }
}
